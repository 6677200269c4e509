"""The engines that keep tables, a module each."""
