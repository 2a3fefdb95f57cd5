"""Bank transfer: the customer is told where to and with which words, the bank's statement says what arrived.

Nobody tells this plugin anything but the statements that staff upload. What names its transfer and has its amount is
settled by itself; everything else waits for a person.
"""

from __future__ import annotations

from askpro_banktransfer.hooks import plugin

__all__ = ("plugin",)
