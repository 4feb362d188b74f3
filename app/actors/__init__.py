"""Who may do what here: people, programs and the scheduler, with their roles and tokens."""
