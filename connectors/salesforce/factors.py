"""Which second factors each account has registered. What unlocks them is never asked for.

A verified e-mail address or telephone number is no second factor to Salesforce, so it is none here. Like tokens, these rows
silently end at 2,500.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.records import FactorRecord, Record
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, text, truth
from connectors.salesforce.tokens import under_ceiling

SOURCE = "TwoFactorMethodsInfo"
# Column, our name, and whether it withstands phishing: None where Salesforce does not count it among those that do.
KINDS = {
    "HasSecurityKey": ("security_key", True),
    "HasBuiltInAuthenticator": ("built_in_authenticator", True),
    "HasU2F": ("u2f_key", None),
    "HasSalesforceAuthenticator": ("salesforce_authenticator", False),
    "HasTotp": ("totp", False),
    "HasTempCode": ("temporary_code", False),
}


def parts(_client: Client, _gathered: Gathered) -> list[Part]:
    """One part, divided by accounts where it would be cut."""
    return [Part(SOURCE, SOURCE, ("Id", "UserId", *KINDS), translate, order="", windows=under_ceiling(SOURCE))]


def translate(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Every factor of one account; an account without a row, or with nothing ticked, has registered none."""
    account = text(row, "UserId")
    if account is None:
        raise Odd("second factors of nobody")
    for column, (kind, resistant) in KINDS.items():
        if truth(row, column):
            yield FactorRecord(f"{account}:{kind}", account, kind, resistant)
