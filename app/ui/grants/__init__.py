"""Permissions that stand, what they release, and their receipts."""
