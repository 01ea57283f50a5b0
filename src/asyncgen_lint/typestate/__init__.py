"""The typestate of generator objects: their states, who owns them, and what functions do to them."""
