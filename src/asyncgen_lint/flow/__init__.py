"""Control-flow graphs of functions: lowering from libcst, solving, and dumping."""
