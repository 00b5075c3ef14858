"""Tests of `app.relationships`."""
