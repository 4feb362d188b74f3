"""A whole quarter said through the API, on both sandboxes: a reviewer leaves and one never answers, nobody reaches the CRMs
for a while, and in each somebody gives back what was taken away."""

from __future__ import annotations

import csv
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.actors import actors, tokens
from app.actors.actor import Role
from app.cli import stage as stages
from app.cli.stage import ADMIN, Stage
from app.inventory import rosters
from app.inventory.tables import IdentityRow, SystemRow
from app.kit import clock
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation.tables import ActRow, RemediationRow
from app.review.tables import DecisionRow, ItemRow
from connectors.sandbox import roster
from tests.journeys import stagehands
from tests.journeys.stagehands import Door

CRMS = ("salesforce", "hubspot")
REVOKED = "POST /services/oauth2/revoke for token "
# What nobody has to think about. All that this neglected company does wrong would be more than the cap lets go at once.
PLAINLY_WRONG = {"leaver_active", "leaver_credential", "dormant_credential", "inactive_account", "nobodys_account"}


def play(stage: Stage, url: str) -> bytes:
    """Play it to its end; the packet as the auditor gets it."""
    admin = Door(url, _token(stage, {Role.ADMIN: None}))
    auditor = Door(url, _token(stage, {Role.AUDITOR: clock.now() + timedelta(days=1)}))
    systems = {row["kind"]: row["id"] for row in admin.get("/systems", limit=100)["systems"]}
    for wave in (["roster"], CRMS):
        assert {each["status"] for each in _read(admin, [systems[kind] for kind in wave])} == {"sealed"}
    _judged(stage, {systems[kind] for kind in CRMS})
    owner = Door(url, _token(stage, {Role.REVIEWER: None}, stage.owner))
    campaign = _open(stage, admin, owner)
    _a_reviewer_leaves(stage, admin, campaign, systems["roster"])
    silent = _somebody_plain(admin, campaign)
    _switch_off(stage, CRMS, "server_error")
    asked = [_ask(admin, systems[kind]) for kind in CRMS]  # it takes a while until a reading gives up
    decided = _decide(stage, url, campaign, but=silent["reviewer_id"])
    _out_of_reach(admin, campaign, asked)
    _switch_on(stage, CRMS)
    _close(admin, campaign, silent)
    settled = stagehands.until(
        lambda: _settled(admin, campaign, decided["remove"]), what="every removal's outcome", every=0.5, patience=240
    )
    assert settled["verified"] > 5
    assert set(settled) <= {"verified", "by_hand", "declined"}
    _nothing_happened_twice(stage)
    _given_back(stage, admin, campaign, systems)
    _sign(owner, campaign)
    packet: bytes = auditor.get(f"/campaigns/{campaign}/packet")
    return packet


def _token(stage: Stage, roles: dict[Role, Any], person: str | None = None) -> str:
    at = clock.now()
    with stage.means.database.transaction() as session:
        row = actors.make(session, person or "somebody", roles, person_key=person, by=ADMIN, at=at)
        return tokens.make(session, row, "journey", days=1, by=ADMIN, at=at)


# --- reading ---


def _ask(admin: Door, system: int) -> tuple[int, set[int]]:
    """Ask for a reading: the system, and the readings that were there before."""
    before = {each["id"] for each in admin.get(f"/systems/{system}/snapshots")["snapshots"]}
    assert admin.send("POST", f"/systems/{system}/readings", {}).status_code == 202
    return system, before


def _ended(admin: Door, system: int, before: set[int]) -> Any:
    """The reading that was asked for, once it is over."""

    def new() -> list[Any]:
        told = admin.get(f"/systems/{system}/snapshots")["snapshots"]
        return [each for each in told if each["id"] not in before and each["status"] != "reading"]

    return stagehands.until(new, what=f"another reading of {system}", every=0.25)[-1]


def _read(admin: Door, systems: list[int]) -> list[Any]:
    return [_ended(admin, *asked) for asked in [_ask(admin, system) for system in systems]]


def _judged(stage: Stage, systems: set[int]) -> None:
    """Wait until the rules were asked: what they find is frozen beside the items, and found later it is not."""
    found = select(EntryRow.subject).where(EntryRow.kind == Kind.DETECTION_RAN)

    def of() -> bool:
        with stage.means.database.reading() as session:
            return {f"system:{each}" for each in systems} <= set(session.scalars(found))

    stagehands.until(of, what="the rules' answers", every=0.25)


def _switch_off(stage: Stage, kinds: tuple[str, ...], fault: str) -> None:
    for kind in kinds:
        stagehands.order(stage.sandboxes[kind], "faults", {"fault": fault, "times": None})


def _switch_on(stage: Stage, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        stagehands.order(stage.sandboxes[kind], "faults", {"clear": True})


def _out_of_reach(admin: Door, campaign: int, asked: list[tuple[int, set[int]]]) -> None:
    """The readings failed, say so, and took nothing for gone."""
    for system, before in asked:
        failed = _ended(admin, system, before)
        assert failed["status"] == "failed"
        assert failed["because"]
    assert admin.send("POST", f"/campaigns/{campaign}/drift", {}).json()["found"] == 0


# --- reviewing ---


def _open(stage: Stage, admin: Door, owner: Door) -> int:
    """Open the review, which its control owner has accepted, and ask for it once more as a client that lost the answer
    would."""
    scope = {
        "systems": "all",
        "fallback": stage.fallback,
        "second_fallback": stage.second,
        "control_owner": stage.owner,
        "many_answers": "the first review here",
    }
    body = {"name": "Q4 2026", "scope": scope}
    refused = admin.send("POST", "/campaigns", body)
    assert refused.json()["code"] == "not_accepted", refused.text
    digest = admin.send("POST", "/campaigns/preview", body).json()["digest"]
    word = owner.send("POST", "/acceptances", body | {"population": digest, "remark": "both CRMs are in it, whole"})
    assert word.status_code == 201, word.text
    body["acceptance"] = word.json()["acceptance"]
    first = admin.send("POST", "/campaigns", body, Idempotency_Key="open")
    again = admin.send("POST", "/campaigns", body, Idempotency_Key="open")
    assert first.status_code == 201, first.text
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert len(admin.get("/campaigns")["campaigns"]) == 1
    return int(first.json()["id"])


def _sign(owner: Door, campaign: int) -> None:
    """The control owner looks at what came of it, and signs it."""
    seen = owner.get(f"/campaigns/{campaign}/signature")
    told = {"remark": "looked at every removal", "seen": seen["leaf"]}
    signed = owner.send("PUT", f"/campaigns/{campaign}/signature", told)
    assert signed.status_code == 200, signed.text
    assert signed.json()["signature"]["removals"] == seen["removals"]


def _shares(admin: Door, campaign: int) -> dict[int, Any]:
    return {each["reviewer_id"]: each for each in admin.get(f"/campaigns/{campaign}/tasks", limit=200)["tasks"]}


def _a_reviewer_leaves(stage: Stage, admin: Door, campaign: int, people: int) -> None:
    """Somebody with a share is in the next roster as gone, and their items are others' by that reading."""
    before = _shares(admin, campaign)
    with stage.means.database.reading() as session:
        keys = dict(session.execute(select(IdentityRow.id, IdentityRow.key)).all())
    needed = (stage.fallback, stage.second)
    gone = next(number for number, each in before.items() if each["items"] and keys[number] not in needed)
    _hand_in_a_roster(stage, people, without=keys[gone])
    (reading,) = _read(admin, [people])
    assert reading["status"] == "sealed"

    def moved() -> Any:
        now = _shares(admin, campaign)
        return now if not now[gone]["items"] else None

    after = stagehands.until(moved, what="somebody else for the leaver's share", every=0.25)
    assert sum(each["items"] for each in after.values()) == sum(each["items"] for each in before.values())


def _hand_in_a_roster(stage: Stage, system: int, *, without: str) -> None:
    at = clock.now()
    lines = list(csv.DictReader(io.StringIO(roster.csv_text(stage.company))))
    for line in lines:
        if line["id"] == without:
            line["end"] = (at - timedelta(days=1)).date().isoformat()
    out = io.StringIO()
    writer = csv.DictWriter(out, lines[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    with stage.means.database.transaction() as session:
        row = session.get_one(SystemRow, system)
        upload = rosters.upload(session, row, out.getvalue().encode(), source="HR", extracted_at=at, by=ADMIN, at=at)
        rosters.approve(session, upload, by=stages.VOUCHER, at=at)


def _somebody_plain(admin: Door, campaign: int) -> Any:
    """A reviewer who is asked about nothing privileged, for silence never keeps that: they will never answer."""
    for each in _shares(admin, campaign).values():
        asked = _asked_of(admin, campaign, each["reviewer_id"]) if each["items"] else []
        if asked and not any(item["privileged"] for item in asked):
            return each
    raise AssertionError("everybody is asked about something privileged")


def _asked_of(admin: Door, campaign: int, reviewer: int) -> list[Any]:
    page = admin.get(f"/campaigns/{campaign}/items", reviewer=reviewer, limit=200)
    return [] if page["next"] else list(page["items"])  # more than a page is nobody's whom we look for


def _decide(stage: Stage, url: str, campaign: int, *, but: int) -> Counter[str]:
    """All reviewers at once but one, each through a token of their own: none of their answers is lost, none doubled."""
    with stage.means.database.reading() as session:
        keys = dict(session.execute(select(IdentityRow.id, IdentityRow.key)).all())
    shares = _shares(Door(url, _token(stage, {Role.ADMIN: None})), campaign)
    people = [keys[number] for number, each in shares.items() if each["items"] and number != but]
    doors = [Door(url, _token(stage, {Role.REVIEWER: None}, person)) for person in people]
    assert len(doors) >= 12
    with ThreadPoolExecutor(len(doors)) as pool:
        told = [pair for own in pool.map(lambda door: _decide_own(door, campaign), doors) for pair in own.items()]
    with stage.means.database.reading() as session:
        mine = select(DecisionRow.item_id, DecisionRow.answer).join(ItemRow, ItemRow.id == DecisionRow.item_id)
        kept = [(item, answer) for item, answer in session.execute(mine.where(ItemRow.campaign_id == campaign))]
        entered = session.scalars(select(func.count()).where(EntryRow.kind == Kind.DECISION_RECORDED)).one()
    assert sorted(kept) == sorted(told)
    assert entered == len(told)
    return Counter(answer for _, answer in told)


def _decide_own(door: Door, campaign: int) -> dict[int, str]:
    """Decide on a whole share a page at a time, and submit it; what was said of each item."""
    told: dict[int, str] = {}
    after: dict[str, str] = {}
    while True:
        page = door.get("/items", campaign=campaign, limit=100, **after)
        asks = [_wish(item) for item in page["items"]]
        answer = door.send("POST", "/decisions", {"decisions": asks})
        assert answer.status_code == 200, answer.text
        assert all(result["decided"] for result in answer.json()["results"]), answer.text
        told |= {ask["item"]: ask["answer"] for ask in asks}
        if page["next"] is None:
            submitted = door.send("PUT", f"/tasks/{page['items'][0]['task_id']}/submission", {})
            assert submitted.status_code == 200, submitted.text
            return told
        after = {"after": page["next"]}


def _wish(item: dict[str, Any]) -> dict[str, Any]:
    rules = {finding["rule"] for finding in item["shown"]["findings"]}
    bad = item["kind"] in ("account", "credential") and rules & PLAINLY_WRONG
    return {"item": item["id"], "answer": "remove" if bad else "keep", "reason": "seen", "version": item["version"]}


def _close(admin: Door, campaign: int, silent: Any) -> None:
    """Nobody closes over a silence without saying what it means; what it came to is written on each item."""
    shut = admin.send("PUT", f"/campaigns/{campaign}/closure", {}, Idempotency_Key="close")
    assert (shut.status_code, shut.json()["code"]) == (409, "undecided")
    said = {"unanswered": "keep"}
    closed = admin.send("PUT", f"/campaigns/{campaign}/closure", said, Idempotency_Key="close anyhow")
    assert closed.status_code == 200, closed.text
    asked = _asked_of(admin, campaign, silent["reviewer_id"])
    assert len(asked) == silent["items"]
    assert {(item["outcome"], item["settled"]) for item in asked} == {("keep", "silence")}
    told = admin.get(f"/campaigns/{campaign}")["shares"]
    assert {each["reviewer_id"]: each["silent"] for each in told if each["silent"]} == {
        silent["reviewer_id"]: silent["items"]
    }


# --- removing ---


def _settled(admin: Door, campaign: int, promised: int) -> dict[str, int] | None:
    told = admin.get("/remediations", campaign=campaign, limit=200)["remediations"]
    statuses = Counter(row["status"] for row in told)
    moving = [row for row in told if row["status"] in ("open", "acting", "acted")]
    for system in {row["system_id"] for row in moving}:  # what is held waits for a person, and nobody here is one
        assert not admin.get(f"/systems/{system}/lane")["waits"]
    return dict(statuses) if sum(statuses.values()) == promised and not moving else None


def _nothing_happened_twice(stage: Stage) -> None:
    """No call was made twice. Of a token that was revoked a sandbox tells nothing: our receipts name each."""
    done = Counter(call for call in stagehands.changes(stage) if call.endswith(("200", "204")))
    hidden = sum(done.pop(call) for call in list(done) if "[redacted]" in call)
    assert done
    assert {call: times for call, times in done.items() if times > 1} == {}
    with stage.means.database.reading() as session:
        asked = [each.receipt["asked"] for each in session.scalars(select(ActRow)) if each.receipt]
    revoked = [call for each in asked for call in each.split("; ") if call.startswith(REVOKED)]
    assert len(revoked) == hidden > 0, (hidden, revoked)


def _given_back(stage: Stage, admin: Door, campaign: int, systems: dict[str, int]) -> None:
    """In both CRMs an administrator gives back an account that was taken away. While one lets nobody in, nothing is known
    of it; the next reading of each finds it, says through what, and a finding is open."""
    told = admin.get("/remediations", campaign=campaign, limit=200)["remediations"]
    gone = {
        kind: next(
            each["id"]
            for each in told
            if (each["system_id"], each["status"], each["kind"]) == (systems[kind], "verified", "account")
        )
        for kind in CRMS
    }
    with stage.means.database.reading() as session:
        of = {kind: session.get_one(RemediationRow, UUID(each)).target for kind, each in gone.items()}
    again = {"act": "activate", "account": of["salesforce"]["username"]}
    stagehands.order(stage.sandboxes["salesforce"], "as-admin", again)
    again = {"act": "create_account", "email": of["hubspot"]["email"]}
    stagehands.order(stage.sandboxes["hubspot"], "as-admin", again)

    _switch_off(stage, ("hubspot",), "unauthorized_for_good")
    assert [each["status"] for each in _read(admin, [systems["hubspot"]])] == ["failed"]
    assert admin.get(f"/remediations/{gone['hubspot']}")["status"] == "verified"
    _switch_on(stage, ("hubspot",))
    readings = _read(admin, [systems[kind] for kind in CRMS])
    for (kind, removal), reading in zip(gone.items(), readings, strict=True):
        assert reading["status"] == "sealed"
        stagehands.until(lambda removal=removal: _returned(admin, removal), what=f"the return in {kind}", every=0.25)  # type: ignore[misc]
        because = admin.get(f"/remediations/{removal}")["because"]
        through = "the account is active again"  # HubSpot gives whoever is invited anew their former number
        assert because == f"Reading {reading['id']} shows it again: {through}.", (kind, because)
    back = admin.get("/findings", rule="removed_access_returned", limit=100)["findings"]
    assert {each["system_id"] for each in back} == {systems[kind] for kind in CRMS}


def _returned(admin: Door, removal: str) -> bool:
    return bool(admin.get(f"/remediations/{removal}")["status"] == "returned")
