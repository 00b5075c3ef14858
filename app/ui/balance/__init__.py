"""Who leans on whom, drawn and opened to its evidence."""
