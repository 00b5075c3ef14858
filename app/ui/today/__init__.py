"""Where everything comes together, and the first evening."""
