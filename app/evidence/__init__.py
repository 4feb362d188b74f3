"""How we know: one campaign's evidence as a packet that verifies elsewhere, without us."""
