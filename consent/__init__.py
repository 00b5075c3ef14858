"""What may happen: terms, decisions, grants, the ledger and the receipts. Knows no web, no vault and no secret."""
