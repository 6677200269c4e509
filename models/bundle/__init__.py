"""A trained model as a sealed folder: contents, digests, the trial load, the champion pointer."""
