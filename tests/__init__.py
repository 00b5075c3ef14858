"""Tests mirror the tree; what they share lies beside this file."""
