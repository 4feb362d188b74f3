"""The checklist as it is packaged: its lines, its sections, and the map between the standards."""
