"""Reporters: each turns diagnostics into one output format."""
