"""The sample installation of ``askpro demo``: three resellers with customers, top-ups and a season of calls."""
