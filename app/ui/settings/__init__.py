"""The account: its settings, reminders, moving and ending."""
