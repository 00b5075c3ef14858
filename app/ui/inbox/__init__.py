"""What companies sent."""
