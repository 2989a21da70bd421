"""The pages of readiness and overrides."""
