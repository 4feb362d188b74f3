"""Do we keep our promises: the checklist line by line, what each rests on, and what is on file for it."""
