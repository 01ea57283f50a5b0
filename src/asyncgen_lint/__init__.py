"""Finds and repairs misuse of Python async generators."""
