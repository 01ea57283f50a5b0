"""Names: scopes, imports at any depth, and tables of known library callables."""
