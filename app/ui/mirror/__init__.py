"""A company's record of the owner, beside the owner's own."""
