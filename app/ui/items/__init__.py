"""The owner's data, and documents."""
