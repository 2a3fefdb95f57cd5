"""Ends the process on import, or tries to."""

from __future__ import annotations

import sys

sys.exit("goodbye")
