"""Was it made true: what was promised to be removed, what was done about it, and what the CRM says now."""
