"""Consent that was given elsewhere."""
