"""Proofs that a package of features runs over its own: as known, words, inputs, alone and in batch."""
