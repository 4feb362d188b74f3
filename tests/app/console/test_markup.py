"""A company whose every text is markup: no page of the console may let any of it through as markup.

What a CRM says, a roster, an upload, a reason or an address is shown, and never run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.actors.actor import Role
from app.compliance.tables import AssessmentRow, ScopeRow
from app.console import excluding, rights
from app.detection.tables import FindingEventRow, FindingRow, JustificationRow, WaiverRow
from app.inventory.tables import SystemRow
from app.kit.db import Database
from app.kit.ids import uuid7
from app.kit.refusal import Refusal
from app.ledger import entries, leaves
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices.tables import ChannelRow
from app.remediation.tables import LaneRow, RemediationRow, StopRow, WaitRow
from app.review.tables import CampaignRow, DelegationRow, DriftRow, ScheduleRow
from tests import make
from tests.app.api.house import House, furnish
from tests.app.console import poison
from tests.app.console.poison import EVIL
from tests.app.console.visiting import visitor

LOOKERS = (Role.ADMIN, Role.IT_SECURITY, "ada")
# What no page of this house shows: in this state of it, or at all.
UNSEEN = {
    "releases.reason", "stops.ended_reason", "imported_decisions.access", "imported_decisions.account",
    "imported_decisions.decided_by", "imported_decisions.reason",
    "account_changes.after", "account_changes.before", "accounts.department", "accounts.email",
    "accounts.employee_number", "accounts.key", "accounts.title", "alterations.before", "assessments.because",
    "credentials.key", "decisions.change_to", "delivery_tries.said", "entitlements.key", "grants.key", "logins.key",
    "observations.key", "observations.name", "replays.because", "replays.principal", "rule_alerts.because",
    "rule_limits.because", "system_changes.actor_key", "system_changes.key", "system_changes.named_key",
    "system_changes.same_as", "system_changes.subject_key", "system_changes.text", "system_settings.key",
    "system_settings.value",
    "systems.executor_principal", "systems.principal", "waivers.because",
}  # fmt: skip
TYPED = {  # what somebody typed into an address, or was led to type
    "/people": "?q={}", "/activity": "?subject={}", "/campaigns/new/word": "?name={}&systems={}&fallback={}",
    "/findings": "?owner={}",
}  # fmt: skip


MORE = ["/settings/people/{ada}", "/checklist/CRM-11.2.1", "/findings/new?since=2020-01-01"]


@pytest.fixture(scope="module")
def evil(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path = tmp_path_factory.mktemp("evil") / "house.db"
    shutil.copy(sqlite_template, path)
    house = furnish(Database(f"sqlite:///{path}", durable=False))
    with house.database.transaction() as session:
        _complete(session, house)
        house.__dict__["poisoned"] = poison.poison(session)
    yield house
    house.database.close()


def _complete(session: Session, house: House) -> None:
    """What the house lacks and pages show."""
    company = house.company
    integration = make.integration(session, company.system, owner_account_id=company.account.id, publisher="x")
    make.credential(session, company.system, integration_id=integration.id, account_id=company.account.id)
    make.login(session, company.account, way="x", application="x")
    make.upload(session, company.roster)
    make.account(session, company.system, username="nobody", email=None, department="x")
    make.snapshot(session, company.system, status="failed", sealed_at=None, because="x")
    finding = session.get_one(FindingRow, house.finding.id)
    finding.subject, finding.identity_id = f"account:{company.account.id}", company.bo.id
    finding.facts = {"account": "x", "privileges": ["x"], EVIL: "x"}
    session.add(FindingEventRow(finding_id=finding.id, kind="opened", at=make.NOW, by="x", because="x"))
    until = make.NOW.replace(year=2027)
    session.add(
        JustificationRow(id=uuid7(), account_id=company.account.id, reason="x", by="x", at=make.NOW, until=until)
    )
    campaign = session.get_one(CampaignRow, house.campaign.id)
    campaign.excluded = [{"what": "x", "count": 3, "because": "x"}]
    campaign.override = {"reason": "x", "asked_by": "x", "granted_by": "x", "lacks": []}
    session.get_one(DriftRow, house.drift.id).answer = "keep"
    session.get_one(ChannelRow, house.channel.id).status = "dead"
    session.get_one(RemediationRow, house.remediation.id).wish = "change"
    session.execute(update(AssessmentRow).values(status="submitted", score=5, submitted_at=make.NOW))
    plan = session.get_one(ScheduleRow, house.schedule.id)
    plan.scope = plan.scope | {"exclude": [{"where": "service", "reason": EVIL}], "department": EVIL}
    plan.calendar = {"days": ["mon"], "closed": [{"from": "12-21", "until": "01-03", "because": EVIL}]}
    plan.approval = {"at": "2026-11-01T00:00:00+00:00", "reason": EVIL}
    campaign.planned_at, campaign.moved = make.NOW, {"from": "2026-11-01", "because": f"moved {EVIL}"}
    plan.acceptance = {"at": "2026-11-01T00:00:00+00:00", "remark": EVIL}
    campaign.approval = {"reason": f"approved {EVIL}"}
    counted = {"items": {}, "privileged": 0, "people": 0, "of_nobody": 0, "standing": False}
    campaign.acceptance = counted | {"given_at": "2026-11-01T00:00:00+00:00", "remark": f"accepted {EVIL}"}
    campaign.signature = {"at": "2026-11-01T00:00:00+00:00", "remark": f"signed {EVIL}", "removals": {}}
    session.get_one(SystemRow, company.system.id).config = {"base_url": f"entered {EVIL}"}
    _hold(session, house)
    said = Entry(Kind.CAMPAIGN_CANCELLED, f"campaign:{campaign.id}", {"told": EVIL}, {"reason": EVIL})
    entries.record(session, said, by="actor:x", at=make.NOW)
    leaves.integrate(session)


def _hold(session: Session, house: House) -> None:
    """What people have said that holds something up, or lets somebody else act: a delegation, a stop, a lane, a waiver."""
    company, until = house.company, make.NOW.replace(year=2027)
    session.add_all([
        DelegationRow(from_id=company.ada.id, to_id=company.flo.id, scope="privileged", reason="x", began=make.NOW,
                      until=until, made_by="x"),
        StopRow(id=uuid7(), standing=True, by="x", at=make.NOW, reason="x"),
        LaneRow(system_id=company.system.id, because="x", by="x", at=make.NOW),
        WaitRow(system_id=company.system.id, code="stopped", because="x", way_out="x", removals=1, since=make.NOW),
        WaiverRow(id=uuid7(), finding_id=house.finding.id, status="asked", severity="high", reason="x", until=until,
                  asked_by="x", asked_at=make.NOW),
        ScopeRow(id=uuid7(), kind="places", subject="x", name="x", inside=True, reason="x", by="x", began=make.NOW),
    ])  # fmt: skip


@pytest.fixture(scope="module")
def pages(evil: House) -> dict[str, list[str]]:
    """Every page as three people see it."""
    seen: dict[str, list[str]] = {}
    browsers = [visitor(evil, who) for who in LOOKERS]
    for path in PAGES:
        address = evil.address(path.replace("{kind}", "hubspot"))
        query = f"?finding={evil.finding.id}" if path == "/findings/revocation" else ""
        typed = TYPED.get(path, "").replace("{}", quote(EVIL))
        answers = [browser.get(address + each) for browser in browsers for each in dict.fromkeys((query, typed))]
        seen[path] = [each.text for each in answers if "html" in each.headers.get("content-type", "")]
    looked = browsers[1].act(f"/people/accounts/{evil.company.account.id}/sign-ins")
    for each in MORE:
        seen[each] = [browser.get(evil.address(each.replace("{ada}", evil.hook.actor_id))).text for browser in browsers]
    seen["a look at sign-ins"] = [looked.text]
    said = {"name": EVIL, "systems": ["all"], "kinds": ["grant"], "fallback": "flo", "second": "fay", "where": "",
            "exclude": "temporary", "exclude_because": EVIL, "department": EVIL, "many_answers": "",
            "approver": evil.company.flo.key}  # fmt: skip
    asked = excluding.asking(evil.means, said, Refusal("no_approval", "It waits for a word."))
    shown = visitor(evil, "boss").get(str(asked).removeprefix(evil.means.settings.base_url)).text
    assert "What nobody would be asked about" in shown
    seen["what an approver is asked"] = [shown]
    return seen


PAGES = [path for method, path in rights.RIGHTS if method == "GET" and "{link}" not in path]


@pytest.mark.parametrize("path", [*PAGES, *MORE, "a look at sign-ins", "what an approver is asked"])
def test_markup_is_shown_and_never_run(pages: dict[str, list[str]], path: str) -> None:
    for text in pages[path]:
        assert "<img src=x" not in text
        assert "<script>x" not in text
        assert 'onerror=alert(1)>"' not in text


def test_whatever_anybody_can_write_is_poisoned(evil: House) -> None:
    """Read off the tables: a new column of text is poisoned here or named as ours in `poison`."""
    written = {f"{table.name}.{column.name}" for table, column in poison.texts()}
    assert written - evil.__dict__["poisoned"] == set()


def test_whatever_may_hold_somebodys_words_among_others_is_poisoned_too() -> None:
    """A new column of JSON is poisoned, written by this test, or named as ours."""
    kinds = (poison.JSON, poison.WHOLE, poison.CODES)
    assert poison.documents() == set().union(*kinds)
    assert sum(map(len, kinds)) == len(poison.documents())


def test_each_text_is_seen_on_a_page_or_on_none(pages: dict[str, list[str]]) -> None:
    """So that the test of markup looks at something, for each of them."""
    everything = "\n".join(text for texts in pages.values() for text in texts)
    for word in ("moved", "approved", "accepted", "signed", "entered"):  # within a whole that the code reads
        assert f"{word} &lt;img src=x" in everything
    unseen = {
        f"{table.name}.{column.name}"
        for table, column in poison.texts()
        if f"{poison.sign(table, column)}&lt;img src=x" not in everything
    }
    assert unseen - UNSEEN == set()
    assert {f"{table.name}.{column.name}" for table, column in poison.texts()} >= UNSEEN
