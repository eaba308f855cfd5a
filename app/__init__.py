"""A FastAPI backend. Start reading at `app/main.py`."""
