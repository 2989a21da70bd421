"""How the system is wired, and the people every part shares."""
