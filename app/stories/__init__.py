"""Read-only: what a page, or an answer of the API, tells across stages."""
