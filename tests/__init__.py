"""The suite. It mirrors the grid of `app/`, and runs on real databases."""
