"""Parties: the brokers and sellers of a trader, and the traders linked to it."""
