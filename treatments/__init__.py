"""What is given to whom, when, and whether it can go ahead."""
