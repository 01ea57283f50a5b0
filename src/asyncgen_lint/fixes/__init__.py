"""Repairs: plans over syntax nodes, their rendering as text edits, and applying them."""
