"""The index over a project's modules and installed packages; for now one module is all we see."""
