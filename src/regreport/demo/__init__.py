"""The made-up firm and its day."""
