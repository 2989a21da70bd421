"""What the clinic knows about each drug."""
