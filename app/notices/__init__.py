"""Who must hear of it: which events become messages, to whom, when, by which channel, and whether each arrived."""
