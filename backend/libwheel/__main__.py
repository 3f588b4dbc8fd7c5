"""`python -m libwheel` is the command line."""

import sys

from libwheel.cli import main

if __name__ == "__main__":
    sys.exit(main())
