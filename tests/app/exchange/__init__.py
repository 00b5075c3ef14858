"""Tests of `app.exchange`."""
