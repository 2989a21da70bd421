"""Adverse events: what happened, how severe, how serious and from what, and how it went on."""
