"""Read a CRM and say what is there. Take away what you are told to take away.

Nothing in here knows Rolecall's database or its words for reviewing: a connector speaks HTTP on one side and the frozen
records of `connectors.records` on the other. A vendor's own words stay inside `connectors/<vendor>/`.
"""
