"""JSON doors: thin, one verb or one read each; who may do what is the table in `rights`."""
