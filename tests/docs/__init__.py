"""The documentation under test: what a page shows is what happens, and what exists has its page."""
