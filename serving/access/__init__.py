"""Who may ask what: tokens, permissions, request headers, and the guard that applies them."""
