"""The vendor's door: OAuth 2.0 for asking, plain JSON for the rest, problems for every no."""
