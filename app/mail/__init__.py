"""Mailers, and the mails that they send."""
