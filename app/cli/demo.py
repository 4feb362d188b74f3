"""demo: the whole quarter on two sandbox CRMs, watched step by step or played to its end.

Nothing here is canned: the sandboxes are read over HTTP, the findings are the rules', the removals are carried out in the
sandboxes and proved by reading them again, and the packet is verified by the same verifier an auditor runs.
"""

from __future__ import annotations

import shutil
import socket
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors import actors, links, tokens
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRow
from app.cli import stage as stages
from app.cli.stage import ADMIN, Stage
from app.cli.telling import Telling, fail, shown
from app.detection.tables import FindingRow
from app.evidence import packets, verify
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, IntegrationRow, SystemRow
from app.main import create_app
from app.means import review_limits, settings_shown, sign_ins_kept
from app.remediation.tables import RemediationRow
from app.review import campaigns, decisions, drifts, overrides, queries, signatures, tasks
from app.review.advice import SERIOUS
from app.review.decisions import Ask
from app.review.owning import Acceptance
from app.review.scope import ItemKind
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.stories import populations, signing

# What a sensible reviewer takes away when it stands beside an item.
_TAKEN_AWAY = {
    "leaver_active",
    "leaver_credential",
    "inactive_account",
    "never_used",
    "nobodys_account",
    "dormant_credential",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The quarter's review, as opened."""

    campaign: CampaignRow
    items: int
    reviewers: int


def once(telling: Telling, *, keep: bool, people: int, seed: int, database_url: str | None = None) -> None:
    """Play the quarter unwatched, and answer with what it came to. Exits 1 if something was not proved or not verified."""
    with stages.set_up(telling, keep=keep, people=people, seed=seed, database_url=database_url) as stage:
        opened = _until_open(telling, stage)
        with telling.step("Deciding, as the reviewers would") as progress:
            answers = _decide(stage, opened.campaign)
            progress.note(shown(answers))
        with telling.step("Switching writing on, closing, removing, reading again") as progress:
            stages.switch_writing_on(stage)
            _close(stage, opened.campaign)
            removals = _removals(stage, opened.campaign)
            progress.note(shown(removals))
        with telling.step("The control owner signs what came of it") as progress:
            progress.note(_sign(stage, opened.campaign))
        told = _packet(telling, stage, opened.campaign)
        answer = _counts(stage) | {
            "items": opened.items,
            "reviewers": opened.reviewers,
            "decisions": answers,
            "revoked": sum(count for status, count in removals.items() if status in ("acted", "verified")),
            "by_hand": removals.get("by_hand", 0) + removals.get("declined", 0),
            "verified": removals.get("verified", 0),
            "removals": removals,
            "mails": _mails(stage),
            **told,
        }
        telling.say()
        telling.say(shown({name: count for name, count in answer.items() if isinstance(count, int)}))
        telling.answer(answer)
    if any(removals.get(status) for status in ("open", "acting", "acted")) or not told["packet_verifies"]:
        fail("Not everything that was decided was carried out and proved; see `removals`.")


def watched(telling: Telling, *, keep: bool, people: int, seed: int, port: int) -> None:
    """Play the quarter until its review is open, then serve it and say what to try."""
    free = _free_port(port)
    with stages.set_up(telling, keep=keep, people=people, seed=seed, port=free) as stage:
        opened = _until_open(telling, stage)
        stages.switch_writing_on(stage)
        entering = _let_in(stage, opened.campaign)
        stage.worker.keep_time()  # from here on it is used as any other: what is planned in it opens
        settings = stage.means.settings
        _say_what_to_try(telling, stage, opened, settings.base_url, entering)
        uvicorn.run(create_app(stage.means), host=settings.host, port=free, log_level="warning")


def _until_open(telling: Telling, stage: Stage) -> Opened:
    with telling.step("Reading the roster, Salesforce and HubSpot, and asking the rules") as progress:
        stages.read_all(stage)
        counts = _counts(stage)
        progress.note(shown({name: counts[name] for name in ("accounts", "entitlements", "grants", "integrations")}))
    with telling.step("Putting reasons on file, asking the rules again") as progress:
        stages.put_reasons_on_file(stage)
        stages.read_all(stage)
        progress.note(f"{_counts(stage)['findings']} findings open")
    with telling.step("Opening this quarter's review") as progress:
        opened = _open(stage)
        stage.worker.wait_until_idle()
        progress.note(
            f"{_some(opened.items, 'item')} for {_some(opened.reviewers, 'reviewer')}, {_mails(stage)} mails written"
        )
    return opened


def _going_on(former: Sequence[CampaignRow]) -> CampaignRow | None:
    """The demo's own review of last time; a small one that opened beside it is not this quarter's."""
    return next((each for each in former if each.status == "open" and each.demo), None)


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _open(stage: Stage) -> Opened:
    means, at = stage.means, stage.means.clock()
    quarter = f"Q{(at.month - 1) // 3 + 1} {at.year}"
    scope = {
        "systems": "all",
        "fallback": stage.fallback,
        "second_fallback": stage.second,
        "control_owner": stage.owner,
        "kinds": [str(kind) for kind in ItemKind],
        "many_answers": "the first review; no role model is approved yet",
    }
    with means.database.transaction() as session:
        former = queries.campaigns(session)  # there are some if the demo's home was kept
        name = f"{quarter} (DEMO)" if not former else f"{quarter} no. {len(former) + 1} (DEMO)"
        row = _going_on(former) or campaigns.open(
            session,
            name=name,
            scope=scope,
            due_at=at + timedelta(days=means.settings.campaign_due_days),
            limits=review_limits(means.settings),
            acceptance=_accepted(stage, session, name, scope, at),
            demo=True,
            by=ADMIN,
            at=at,
        )
        shares = queries.progress(session, row.id)
    return Opened(row, sum(share.items for share in shares), len(shares))


def _accepted(stage: Stage, session: Session, name: str, scope: dict[str, Any], at: datetime) -> Acceptance:
    """The control owner looks at what the review would be of, and gives their word, which whoever opens it brings."""
    means, limits = stage.means, review_limits(stage.means.settings)
    told = populations.look(session, name, scope, limits=limits, at=at)
    word = overrides.accept(
        session, means.keys.derive("links"), name, scope, f"Both CRMs, and {told.items} items of them.", limits=limits,
        population=told.digest, by=_owner(stage, session, at), at=at,
    )  # fmt: skip
    keys = means.keys.derive_all("links")
    return overrides.acceptance(session, word.sealed, name, scope, limits=limits, keys=keys, at=at)


def _owner(stage: Stage, session: Session, at: datetime) -> Actor:
    """The control owner, as who they are here."""
    person = inventory.find_identity(session, stage.owner)
    if person is None:
        raise RuntimeError(f"nobody in the roster is {stage.owner}")
    row = reviewer(session, person, at)
    return Actor(row.id, row.name, frozenset({Role.REVIEWER}), person.id, "demo")


def reviewer(session: Session, person: IdentityRow, at: datetime) -> ActorRow:
    """Who this person is here, made if nobody: a control owner may have the most to review as well."""
    known = session.scalar(select(ActorRow).where(ActorRow.person_key == person.key, ActorRow.ended.is_(None)))
    return known or actors.make(session, person.name, {Role.REVIEWER: None}, person_key=person.key, by=ADMIN, at=at)


def _sign(stage: Stage, campaign: CampaignRow) -> str:
    at = stage.means.clock()
    with stage.means.database.transaction() as session:
        removals, by = signing.removals(session, campaign.id), _owner(stage, session, at)
        told = "Looked at what nobody answered, and at what became of the removals."
        signatures.give(session, campaign.id, remark=told, removals=removals, by=by, at=at)
    return f"{by.name}, with {signing.unproved(removals)} removals that no reading has proved"


def _decide(stage: Stage, campaign: CampaignRow) -> dict[str, int]:
    """Every reviewer's answers, each given as that reviewer."""
    counts: Counter[str] = Counter()
    for reviewer in _reviewers(stage, campaign):
        with stage.means.database.transaction() as session:
            page = queries.queue(session, campaign.id, by=reviewer, limit=5000, undecided=True)
            asks = [_answer(item) for item in page.items]
            for begin in range(0, len(asks), 1000):
                for result in decisions.record_many(
                    session, asks[begin : begin + 1000], by=reviewer, at=stage.means.clock()
                ):
                    if result.refusal is not None:
                        raise RuntimeError(f"{reviewer.name}: {result.refusal.reason}")
            task = select(TaskRow.id).where(
                TaskRow.campaign_id == campaign.id, TaskRow.reviewer_id == reviewer.identity_id
            )
            tasks.submit(session, session.scalars(task).one(), by=reviewer, at=stage.means.clock())
        counts.update(ask.answer for ask in asks)
    return dict(counts)


def _answer(item: ItemRow) -> Ask:
    found = {finding["rule"] for finding in item.shown.get("findings", [])}
    wrong = sorted(found & _TAKEN_AWAY)
    if wrong and item.kind in ("account", "credential"):
        return Ask(item.id, "remove", f"No longer needed: {wrong[0].replace('_', ' ')}.", item.version)
    grave = any(
        each["severity"] in SERIOUS
        for about in ("findings", "account_findings")
        for each in item.shown.get(about) or ()
    )
    return Ask(item.id, "keep", "Needed for the job." if item.privileged or grave else "", item.version)


def _reviewers(stage: Stage, campaign: CampaignRow) -> list[Actor]:
    with stage.means.database.reading() as session:
        rows = session.scalars(
            select(IdentityRow)
            .join(TaskRow, TaskRow.reviewer_id == IdentityRow.id)
            .where(TaskRow.campaign_id == campaign.id)
            .order_by(IdentityRow.id)
        )
        return [Actor(f"demo:{row.key}", row.name, frozenset({Role.REVIEWER}), row.id, "demo") for row in rows]


def _close(stage: Stage, campaign: CampaignRow) -> None:
    at = stage.means.clock()
    with stage.means.database.transaction() as session:
        found = drifts.detect(session, campaign.id, by=ADMIN, at=at)
        head = inventory.find_identity(session, stage.fallback)
        owner = Actor(
            f"demo:{stage.fallback}", "Demo owner", frozenset({Role.ADMIN}), head.id if head else None, "demo"
        )
        for row in found:
            if row.privileged and row.change == "began" and row.answer is None:
                drifts.decide(session, row.id, "keep", "Seen and known to the owner.", by=owner, at=at)
    with stage.means.database.transaction() as session:
        campaigns.close(session, campaign.id, by=ADMIN, at=at)
    stage.worker.wait_until_idle()


def _packet(telling: Telling, stage: Stage, campaign: CampaignRow) -> dict[str, Any]:
    stage.worker.sign(now=True)
    out = stages.home_of(stage) / "packet.zip"
    with telling.step("Writing the evidence, and verifying it") as progress:
        sealed = packets.build(
            stage.means.database, campaign.id, out, keys=stage.means.keys, by=ADMIN, at=stage.means.clock(),
            settings_shown=settings_shown(stage.means.settings),
            sign_ins_kept=sign_ins_kept(stage.means.settings),
        )  # fmt: skip
        verdict = verify.verify(sealed.path)
        progress.note("it verifies" if verdict.holds else "it does NOT verify")
    return {"packet": str(sealed.path), "packet_digest": sealed.digest, "packet_verifies": verdict.holds}


def _removals(stage: Stage, campaign: CampaignRow) -> dict[str, int]:
    statement = (
        select(RemediationRow.status, func.count())
        .where(RemediationRow.campaign_id == campaign.id)
        .group_by(RemediationRow.status)
        .order_by(RemediationRow.status)
    )
    with stage.means.database.reading() as session:
        return {row.status: row[1] for row in session.execute(statement)}


def _counts(stage: Stage) -> dict[str, int]:
    with stage.means.database.reading() as session:

        def live(row: Any) -> int:
            return session.scalar(select(func.count()).select_from(row).where(row.ended.is_(None))) or 0

        systems = select(func.count()).select_from(SystemRow).where(SystemRow.kind != "roster")
        findings = select(func.count()).select_from(FindingRow).where(FindingRow.status == "open")
        return {
            "systems": session.scalar(systems) or 0,
            "people": live(IdentityRow),
            "accounts": live(AccountRow),
            "entitlements": live(EntitlementRow),
            "grants": live(GrantRow),
            "integrations": live(IntegrationRow),
            "findings": session.scalar(findings) or 0,
        }


def _let_in(stage: Stage, campaign: CampaignRow) -> dict[str, str]:
    """A token each for a manager, an IT admin and an auditor."""
    at = stage.means.clock()
    with stage.means.database.transaction() as session:
        busiest = session.execute(
            select(IdentityRow)
            .join(TaskRow, TaskRow.reviewer_id == IdentityRow.id)
            .join(ItemRow, ItemRow.task_id == TaskRow.id)
            .where(TaskRow.campaign_id == campaign.id)
            .group_by(IdentityRow.id)
            .order_by(func.count(ItemRow.id).desc(), IdentityRow.id)
            .limit(1)
        ).scalar_one()
        made = {
            "manager": reviewer(session, busiest, at),
            "admin": actors.make(session, "Demo admin", {Role.ADMIN: None}, by=ADMIN, at=at),
            "auditor": actors.make(session, "Demo auditor", {Role.AUDITOR: at + timedelta(days=30)}, by=ADMIN, at=at),
            "owner": session.get_one(ActorRow, _owner(stage, session, at).id),
        }
        given = {
            name: tokens.make(session, row, f"demo {name}", days=30, by=ADMIN, at=at) for name, row in made.items()
        }
        given |= {f"{name} link": links.invite(session, row, by=ADMIN, at=at) for name, row in made.items()}
    return {"who": busiest.name, "key": busiest.key} | given


def _say_what_to_try(telling: Telling, stage: Stage, opened: Opened, url: str, entering: dict[str, str]) -> None:
    home, campaign = stages.home_of(stage), opened.campaign
    telling.say()
    telling.say(f"DEMO: {url} · {home} · stop with Ctrl-C. In another terminal:", style="bold")
    telling.say(f"  export ROLECALL_HOME={home}")
    telling.say(f"Mails are written to {stages.mails_of(stage)} ({_mails(stage)} so far); any mail program opens them.")
    if shutil.which("rolecall") is None:  # not on the path: `make demo` runs it from the virtual environment
        telling.say(f"  alias rolecall={Path(sys.argv[0]).absolute()}")
    for title, lines in (
        (f"5 minutes as a manager ({entering['who']})", (
            f"{url}{entering['manager link']}   (signs in, once; or:)",
            f"rolecall campaign items {campaign.id} --as {entering['key']}",
            f"rolecall decide ITEM remove --as {entering['key']} --reason 'left the team'",
            f"curl -H 'Authorization: Bearer {entering['manager']}' '{url}/api/v1/items?campaign={campaign.id}&limit=3'",
        )),
        ("10 minutes as an IT admin", (
            f"{url}{entering['admin link']}   (in another browser)",
            "rolecall findings",
            f"rolecall person access {entering['key']}",
            f"rolecall campaign close {campaign.id} --unanswered keep   (privileged items must be answered first)",
            f"curl -H 'Authorization: Bearer {entering['admin']}' {url}/api/v1/remediations",
        )),
        ("2 minutes as the control owner, who accepted what it is of, and signs it once it is closed", (
            f"{url}{entering['owner link']}",
            f"{url}/campaigns/{campaign.id}/signature",
        )),
        ("5 minutes as an auditor", (
            f"{url}{entering['auditor link']}",
            f"rolecall evidence export {campaign.id} -o packet.zip   (after closing)",
            "rolecall evidence verify packet.zip",
            f"curl -H 'Authorization: Bearer {entering['auditor']}' {url}/api/v1/ledger/checkpoint",
        )),
    ):  # fmt: skip
        telling.say(f"\n{title}", style="bold")
        for line in lines:
            telling.say(f"  {line}")
    telling.say(f"\nEverything the API can do: {url}/openapi.json and docs/api.md")


def _mails(stage: Stage) -> int:
    """How many mails were written."""
    return len(list(stages.mails_of(stage).glob("*.eml")))


def _free_port(port: int) -> int:
    for candidate in range(port, port + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    fail(f"No port from {port} to {port + 49} is free; say --port.")
    return port
