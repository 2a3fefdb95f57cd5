"""Calls while they last: who may begin one, for how long the money will do, and what becomes of it at the end (D6).

``cover`` is the arithmetic, ``service`` the verbs (in trains, as bookings are), ``reaper`` settles what falls silent,
``limits`` sets caps and who pays in advance. Money is decided by the ledger (``ledger.holds``), in one statement.
"""
