"""What the stand-in remembers: accounts, one book for each account and mode, the clock, what is due later."""
