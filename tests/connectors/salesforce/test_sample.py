"""Some accounts read again, against the pretend Salesforce: the same as the whole reading says of them."""

from __future__ import annotations

from connectors.records import AccountRecord, GrantRecord, Stream
from connectors.salesforce import sample
from connectors.salesforce.parts import Part
from connectors.salesforce.reader import SalesforceReader
from tests.connectors.salesforce.test_against_sandbox import Sandbox, sandbox

__all__ = ["sandbox"]


def test_a_sample_says_of_its_accounts_what_the_whole_reading_says(sandbox: Sandbox) -> None:
    whole = [
        record
        for stream in (Stream.ACCOUNTS, Stream.GRANTS)
        for page in sandbox.read(stream)
        for record in page.records
    ]
    keys = [record.key for record in whole if isinstance(record, AccountRecord)][::9]
    client = sandbox.client("reader")
    pages = list(SalesforceReader(client).again(keys))
    again = [record for page in pages for record in page.records]

    def accounts(records: list[object]) -> dict[str, AccountRecord]:
        return {each.key: each for each in records if isinstance(each, AccountRecord) and each.key in keys}

    def grants(records: list[object]) -> set[tuple[str, str, str, bool | None]]:
        return {
            (each.account_key, each.entitlement_key, each.source, each.effective)
            for each in records
            if isinstance(each, GrantRecord) and each.account_key in keys
        }

    assert accounts(again).keys() == set(keys)
    assert {key: (a.username, a.active, a.frozen, a.kind) for key, a in accounts(again).items()} == {
        key: (a.username, a.active, a.frozen, a.kind) for key, a in accounts(whole).items()
    }
    assert grants(again) == grants(whole) != set()
    assert sum(page.receipt.rows for page in pages) < len(whole) / 2  # not everybody was asked for


def test_a_key_cannot_leave_its_quotes() -> None:
    part = Part("User", "User", ("Id",), lambda _row, _gathered: ())
    where = sample.narrowed(part, ["005x' OR Id != '", "005y\\"]).where
    assert where == "Id IN ('005x OR Id != ', '005y')"


def test_conditions_of_a_part_are_kept() -> None:
    part = Part(
        "frozen", "UserLogin", ("Id",), lambda _row, _gathered: (), where="IsFrozen = true OR IsPasswordLocked = true"
    )
    assert (
        sample.narrowed(part, ["005a"]).where == "(IsFrozen = true OR IsPasswordLocked = true) AND UserId IN ('005a')"
    )
