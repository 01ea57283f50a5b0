"""`python -m asyncgen_lint`."""

import sys

from asyncgen_lint.cli import main

if __name__ == "__main__":
    sys.exit(main())
