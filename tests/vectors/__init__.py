"""Pinned bytes, and the programs that make them."""
