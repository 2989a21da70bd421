"""Who did what, when and why: one append-only trail under every other room."""
