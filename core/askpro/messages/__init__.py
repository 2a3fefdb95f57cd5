"""Mails: one for each business fact, written when it happens, sent by a job."""
