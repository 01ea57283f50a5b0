"""Reporters: the same diagnostics as source frames, as one line each, and as JSON."""
