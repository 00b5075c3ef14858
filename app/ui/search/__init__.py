"""Finding anything that the owner holds."""
