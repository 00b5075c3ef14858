"""What is asked of the owner, and on which terms."""
