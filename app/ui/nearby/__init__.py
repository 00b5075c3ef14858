"""Offers by place, private zones, and phones."""
