"""What the owner is trying to get done."""
