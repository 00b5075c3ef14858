"""Promises: their list, one promise, its acts, claims and scorecard."""
