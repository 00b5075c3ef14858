"""What the operator of an instance sees."""
