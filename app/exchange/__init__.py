"""What passes between owner and vendor."""
