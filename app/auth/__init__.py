"""Who is asking: owners by session, clients by token."""
