"""One rule, one file; the docstring is its manual page. `app.detection.rulebook` lists them."""
