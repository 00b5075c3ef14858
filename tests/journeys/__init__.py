"""Journeys: a real browser, a real server, a real vendor's program."""
