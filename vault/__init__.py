"""Encrypted personal data: ciphertext in, ciphertext out. Knows no consent and no web."""
