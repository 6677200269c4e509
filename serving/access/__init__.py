"""Access control: tokens, permissions, request headers, and the guard that applies them."""
