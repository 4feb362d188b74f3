"""A pretend Salesforce org: REST, SOQL and OAuth off one state, for what an access review reads and takes away."""
