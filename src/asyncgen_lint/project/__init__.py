"""The modules in view besides the one that is analysed: found by path, read when asked for."""
