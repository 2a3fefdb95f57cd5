"""Calls: taking reports of usage in, pricing them on every tier, booking each exactly once.

``events`` is what a report says, ``check`` what is wrong with it, ``pricing`` what it costs, ``train`` books,
``refusals`` keeps what could not be booked; ``imports`` reads files of them.
"""
