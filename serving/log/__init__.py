"""The prediction log: entries, the store, its chain of digests, its reader and its proof."""
