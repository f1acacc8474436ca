"""`python -m engine`: the command line without the dashboard."""

import sys

from engine.safe_imports import forget_current_folder

if __name__ == "__main__":
    forget_current_folder()
    from engine.cli.app import main

    sys.exit(main())
