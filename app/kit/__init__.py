"""Tools with no domain words."""
