"""What we know about a trader, and when we knew it."""
