"""`python -m dropcopy_tui` is the command `dropcopy`."""

import sys

from dropcopy_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
