"""A finding's whole life on both sandboxes, said at the command line: opened, alerted once, acknowledged, fixed in the CRM
by a person, closed by the next reading, opened again when it recurs."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exists, select

from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from tests.app.cli.saying import Place
from tests.journeys.stagehands import order

pytestmark = pytest.mark.slow

SYSTEMS = {"salesforce": "Sales org", "hubspot": "Portal"}
ON = {"salesforce": "activate", "hubspot": "reactivate"}


@pytest.fixture(scope="module")
def watched(place: Place) -> Place:
    """Both CRMs have been read for the first time; from now on somebody is told of findings."""
    place.rolecall("notices", "add", "file", "outbox", "--quietly").well()
    place.rolecall("notices", "subscribe", "outbox", "--event", "finding.opened", "--to", "it@example.com").well()
    return place


def _subjects(place: Place) -> list[str]:
    """Of every mail in the outbox, oldest first."""
    mails: list[Path] = sorted((place.home / "outbox").glob("*.eml"))
    return [str(message_from_bytes(each.read_bytes())["Subject"]) for each in mails]


def _leaver(place: Place, kind: str) -> tuple[str, str]:
    """Somebody who has left and whose account was taken away: its key and its name."""
    told_of = (FindingRow.status == "open", FindingRow.baseline.is_(False) | (FindingRow.severity == "critical"))
    with place.means() as means, means.database.reading() as session:
        row = session.scalars(
            select(AccountRow)
            .join(SystemRow, SystemRow.id == AccountRow.system_id)
            .join(IdentityRow, IdentityRow.id == AccountRow.identity_id)
            .where(SystemRow.kind == kind, AccountRow.active.is_(False), AccountRow.ended.is_(None))
            .where(IdentityRow.end < datetime.now(UTC).date())
            .where(~exists().where(FindingRow.identity_id == IdentityRow.id, *told_of))
            .order_by(AccountRow.id)
        ).first()
        assert row is not None, f"{kind} has no leaver whose account is off"
        return row.key, row.username


def _of(place: Place, system: str, username: str) -> dict[str, Any]:
    """The leaver's finding as it stands now."""
    told = place.rolecall("findings", "--status", "all", "--rule", "leaver_active", "--system", system, "--json").json()
    return next(each for each in told if each["facts"].get("account") == username)


@pytest.mark.parametrize("kind", ["salesforce", "hubspot"])
def test_the_whole_life_of_a_finding(watched: Place, kind: str) -> None:
    place, name = watched, SYSTEMS[kind]
    assert all(each["baseline"] for each in place.rolecall("findings", "--system", name, "--json").json())
    key, username = _leaver(place, kind)
    crm, before = place.sandboxes[kind], len(_subjects(place))

    def alerts() -> int:
        return len([subject for subject in _subjects(place)[before:] if "new finding" in subject])

    # somebody gives a leaver their account back, in the CRM
    order(crm, "as-admin", {"act": ON[kind], "account": key})
    place.rolecall("sync", name).well()
    found = _of(place, name, username)
    assert (found["status"], found["baseline"], found["times_opened"]) == ("open", False, 1)
    assert alerts() == 1

    # it is read again, and taken note of: nobody is told a second time
    place.rolecall("sync", name).well()
    place.rolecall("finding", "acknowledge", str(found["id"])).well()
    place.rolecall("finding", "comment", str(found["id"]), "taken away in the CRM this morning").well()
    assert (alerts(), _of(place, name, username)["status"]) == (1, "open"), "saying so does not close it"

    # a person mends it in the CRM, and the next reading is the proof
    order(crm, "as-admin", {"act": "deactivate", "account": key})
    place.rolecall("sync", name).well()
    assert (_of(place, name, username)["status"], alerts()) == ("closed", 1)

    # it comes back: the same finding, another life, which somebody has to take note of anew
    order(crm, "as-admin", {"act": ON[kind], "account": key})
    place.rolecall("sync", name).well()
    again = _of(place, name, username)
    assert (again["id"], again["status"], again["times_opened"]) == (found["id"], "open", 2)
    assert (again["acknowledged_at"], alerts()) == (None, 2)
    story = place.rolecall("finding", "show", str(found["id"]), "--json").json()
    assert [each["kind"] for each in story["history"]] == [
        "opened", "acknowledged", "commented", "closed", "reopened",
    ]  # fmt: skip
    assert [each["ended"] is None for each in story["lives"]] == [False, True]
    order(crm, "as-admin", {"act": "deactivate", "account": key})
