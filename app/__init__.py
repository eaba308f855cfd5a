"""Plumbline: a reference FastAPI backend. Start reading at `app/main.py`."""
