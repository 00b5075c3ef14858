"""Tests of the vendor's door."""
