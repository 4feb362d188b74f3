"""The doors of the console's rooms: each takes a visit, calls the verbs of the API, and answers with a page."""
