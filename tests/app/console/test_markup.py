"""A company whose every text is markup: no page of the console may let any of it through as markup.

What a CRM says, a roster, an upload, a reason or an address is shown, and never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import String, inspect, select
from sqlalchemy.orm import Session

from app.actors.actor import Role
from app.actors.tables import ActorRow
from app.console import rights
from app.detection.tables import FindingEventRow, FindingRow, JustificationRow
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    ChangeRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    IntegrationRow,
    LoginRow,
    RosterUploadRow,
    SnapshotRow,
    StreamRow,
    SystemRow,
)
from app.kit.db import Base, Database
from app.kit.ids import uuid7
from app.notices.tables import ChannelRow
from app.remediation.tables import RemediationRow
from app.review.tables import CampaignRow, ItemRow
from tests import make
from tests.app.api.house import House, furnish
from tests.app.console.visiting import visitor

EVIL = "<img src=x onerror=alert(1)>\"'><script>x</script>"
ROWS = (
    SystemRow, SnapshotRow, StreamRow, IdentityRow, AccountRow, AccountChangeRow, EntitlementRow, GrantRow, LoginRow,
    IntegrationRow, CredentialRow, ChangeRow, RosterUploadRow, FindingRow, FindingEventRow, JustificationRow,
    RemediationRow, CampaignRow, ItemRow, ActorRow, ChannelRow,
)  # fmt: skip
# Text that is ours and checked: a state, a kind the code looks up, an id, a reference to another row.
OURS = {
    "id", "status", "severity", "verdict", "stream", "source", "subject", "rule", "run", "digest", "kind", "outcome",
    "slot",
    "privilege", "path", "authority", "matched_by", "wish", "chosen_by", "unanswered", "engagement", "rows_digest",
    "pages_digest", "event",
}  # fmt: skip
LISTS = {"missing": [EVIL], "dropped": [EVIL], "asked": [EVIL], "steps": [EVIL], "scopes": [EVIL], "native": [EVIL]}


def poison(session: Session) -> set[str]:
    """Put markup into every text that comes from outside. Returns the columns that got some."""
    told = set()
    for table in ROWS:
        for number, row in enumerate(session.scalars(select(table))):
            for column in inspect(table).columns:
                if column.key in OURS or not isinstance(column.type, String) or getattr(row, column.key) is None:
                    continue
                longest = column.type.length or 500
                setattr(row, column.key, f"{EVIL}{number}"[:longest] if longest >= 20 else getattr(row, column.key))
                told.add(f"{table.__tablename__}.{column.key}")
            for name, value in LISTS.items():
                if name in inspect(table).columns and getattr(row, name) is not None:
                    setattr(row, name, value)
    for row in session.scalars(select(FindingRow)):
        row.facts = {"account": EVIL, EVIL: EVIL, "privileges": [EVIL]}
    for row in session.scalars(select(ItemRow)):
        row.shown = _poisoned(row.shown)
    for row in session.scalars(select(RemediationRow)):
        row.target = {"kind": "account", "username": EVIL}
    return told


def _poisoned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _poisoned(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_poisoned(each) for each in value]
    return (
        EVIL
        if isinstance(value, str) and not re.fullmatch(r"[\d-]{10}|keep|remove|grant|account|crm|direct", value)
        else value
    )


@pytest.fixture(scope="module")
def evil(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    import shutil

    path = tmp_path_factory.mktemp("evil") / "house.db"
    shutil.copy(sqlite_template, path)
    house = furnish(Database(f"sqlite:///{path}"))
    with house.database.transaction() as session:
        company = house.company
        integration = make.integration(session, company.system, owner_account_id=company.account.id, publisher="x")
        make.credential(session, company.system, integration_id=integration.id, account_id=company.account.id)
        make.login(session, company.account, way="x", application="x")
        make.upload(session, company.roster)
        make.account(session, company.system, username="nobody", email=None, department="x")
        make.snapshot(session, company.system, status="failed", sealed_at=None, because="x")
        finding = session.get_one(FindingRow, house.finding.id)
        finding.subject, finding.identity_id = f"account:{company.account.id}", company.bo.id
        session.add(FindingEventRow(finding_id=finding.id, kind="opened", at=make.NOW, by="x", because="x"))
        until = make.NOW.replace(year=2027)
        session.add(
            JustificationRow(id=uuid7(), account_id=company.account.id, reason="x", by="x", at=make.NOW, until=until)
        )
        assert {"accounts.username", "snapshot_streams.because", "findings.because", "identities.name"} <= poison(
            session
        )
    yield house
    house.database.close()


def test_what_a_crm_or_a_roster_fills_is_among_what_is_poisoned(evil: House) -> None:
    """Not yet among it: what our own people write down (reasons, comments, role models, attestations)."""
    named = {table.__tablename__ for table in ROWS}
    assert {"accounts", "entitlements", "integrations", "credentials", "identities", "systems"} <= named
    assert all(table.__tablename__ in Base.metadata.tables for table in ROWS)


PAGES = [path for method, path in rights.RIGHTS if method == "GET" and "{link}" not in path]


@pytest.mark.parametrize("path", PAGES)
def test_markup_from_outside_is_shown_and_never_run(evil: House, path: str) -> None:
    address = evil.address(path.replace("{kind}", "hubspot"))
    seen = []
    for role in (Role.ADMIN, Role.IT_SECURITY, "ada"):
        answer = visitor(evil, role).get(
            address + (f"?finding={evil.finding.id}" if path == "/findings/revocation" else "")
        )
        if "html" in answer.headers.get("content-type", ""):
            seen.append(answer.text)
    for text in seen:
        assert "<img src=x" not in text
        assert "<script>x" not in text
        assert 'onerror=alert(1)>"' not in text


SHOWING = ["/people", "/people/{person_id}", "/systems", "/systems/{system_id}", "/findings", "/findings/{finding_id}"]


@pytest.mark.parametrize("path", SHOWING)
def test_the_pages_do_show_what_was_poisoned(evil: House, path: str) -> None:
    """So that the test above looks at something."""
    assert "&lt;img src=x onerror=alert(1)&gt;" in visitor(evil, Role.ADMIN).get(evil.address(path)).text


def test_what_a_look_shows_is_escaped_too(evil: House) -> None:
    browser = visitor(evil, Role.IT_SECURITY)
    text = browser.act(f"/people/accounts/{evil.company.account.id}/sign-ins").text
    assert "&lt;img src=x" in text
    assert "<img src=x" not in text
