"""Pretend Salesforce and HubSpot, as stateful HTTP servers, for the demo and for tests of any client.

They are written from the vendors' documented facts alone and share no line with the connectors, so that a shared
misreading cannot hide. Start one with `connectors.sandbox.serve`.
"""
