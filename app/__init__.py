"""Rolecall: who can reach what in the CRM, who said it was all right, and how do we know?

The words used here, and no others:

System         one org or portal of a CRM, or a roster
Snapshot       one sealed reading of a system: complete, or honest about what it lacks
Receipt        the evidence of a reading or an act
Identity       a person (or a known program), across systems
Account        a login in one system
Entitlement    something an account can hold: profile, permission set, role, team
Grant          an account holds an entitlement from `began` until `ended`, directly or via another
Integration    a program with its own way in: connected app, private app, installed package
Credential     the token or key it enters by
Rule           a question asked of one subject
Finding        a subject that fails a rule
Waiver         an accepted exception with an approver and an end
Campaign       a review of a scope across systems, frozen at snapshots, due by a date
Round          one turn of a campaign's reviewers
Bundle         the entitlements a job is meant to have
Task           one reviewer's share
Item           one grant, account, integration or credential to decide on
Decision       keep, remove or change, and why; never edited
Remediation    a promise to make a removal true in the CRM
Control        a promise made to auditors
Attestation    a person's word with a document and an end
Evidence       the sealed packet
Actor          whoever acts here; the scheduler is one
"""

__version__ = "0.1.0"
