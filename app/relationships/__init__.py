"""The owner's own record: pure engines over opened records."""
