"""The typestate of generator objects: their states, their owners, what functions do to them."""
