"""What somebody has typed and not yet sent: kept for a week on the server, for them alone."""
