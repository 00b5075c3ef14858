"""Mail files: who wrote, since when and how often, and what their mails say in machine-readable form. Nothing else is kept of them."""
