"""The companies that the owner knows, and what is known of them."""
