"""The door of the owner's own devices."""
