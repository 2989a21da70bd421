"""The demonstration: fictitious patients told as stories, written through the same services as real ones."""
