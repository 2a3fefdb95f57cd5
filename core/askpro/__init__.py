"""AskPro: prepaid billing for AI telephony."""
