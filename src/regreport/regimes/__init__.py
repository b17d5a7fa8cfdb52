"""The regimes that ship with regreport: one folder each, found by entry point, never importing each other."""
