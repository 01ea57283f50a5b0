"""The index over a project's modules and its installed packages; for now one module is all we see."""
