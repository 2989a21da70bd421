"""The pages of laboratory results."""
