"""What we saw: systems, their sealed snapshots, and who holds what, since when."""
