"""The features, a family a module."""
