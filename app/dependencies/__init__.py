"""Wiring: every `Annotated` alias that a route takes lives here."""
