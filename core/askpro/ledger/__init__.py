"""The books: transfers between accounts, balances of wallets, and the one writer of money.

``service`` books, ``usage`` books trains of calls, ``queries`` reads, ``proof`` and ``merkle`` watch.
"""
