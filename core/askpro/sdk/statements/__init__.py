"""What a bank tells: account statements (camt.053) and the fate of orders handed in (pain.002), as plain facts.

Both readers take the bytes of a file as a person uploads it. They trust nothing in it: no entities, no DTD, a limit on
its size, exact amounts. What they refuse they refuse by name, with InvalidInput; what merely looks odd they report.
"""

from __future__ import annotations

from askpro.sdk.statements.camt053 import read_camt053
from askpro.sdk.statements.model import Entry, Statement, StatusLine
from askpro.sdk.statements.pain002 import read_pain002
from askpro.sdk.statements.xml import LARGEST_FILE

__all__ = ("LARGEST_FILE", "Entry", "Statement", "StatusLine", "read_camt053", "read_pain002")
