"""Files of other programs, from choosing to undoing."""
