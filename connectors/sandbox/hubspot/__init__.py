"""A pretend HubSpot portal: both path families off one state, for what an access review reads and takes away."""
