"""`python -m pyflow` is the command `pyflow`."""

import sys

from pyflow.cli import main

sys.exit(main())
