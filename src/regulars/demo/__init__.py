"""A living demo shop. Everything in it is invented."""

MARK = "DEMO"
"""A file of this name in a workspace says that its shop is a demo."""
