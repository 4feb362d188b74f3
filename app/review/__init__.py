"""Is it still right: campaigns, their tasks and items, and what was decided."""
