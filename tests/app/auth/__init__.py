"""Tests of `app.auth`."""
