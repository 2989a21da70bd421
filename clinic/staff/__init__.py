"""The people who work here: accounts, roles, sites and the sites' policies."""
