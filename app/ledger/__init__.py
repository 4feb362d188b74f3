"""What happened and who did it: append-only entries, numbered afterwards, provable elsewhere."""
