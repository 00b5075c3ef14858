"""Letters to companies, and the rights that they call on."""
