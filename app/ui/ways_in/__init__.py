"""Ways into an account: signing up, unlocking, passkeys, recovery."""
