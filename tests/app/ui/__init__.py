"""Tests of `app.ui`."""
