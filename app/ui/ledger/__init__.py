"""History: the ledger in words, its proof, and what came from elsewhere."""
