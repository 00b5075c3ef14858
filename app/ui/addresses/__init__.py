"""Contact links, who follows them, and who may reach the owner."""
