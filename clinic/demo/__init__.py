"""The demonstration: everything on this machine, started and ended together by one command."""
