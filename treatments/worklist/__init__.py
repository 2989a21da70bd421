"""The worklist: one selector for its tabs, counts and rows."""
