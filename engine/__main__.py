"""`python -m engine`: the command line without the dashboard."""

import sys

from engine.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
