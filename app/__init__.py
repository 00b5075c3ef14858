"""Bothways: your side of the relationship."""
