"""The domain's nouns as frozen values; no columns, no files, no database here."""
