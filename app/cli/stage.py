"""The demo's stage: two sandbox CRMs with one company in them, and an installation that knows them.

Everything lies under `ROLECALL_HOME/demo` and is stamped DEMO. What a real installation gets from people (a roster handed
in and vouched for, reasons for privileges, writing switched on) is put in place here the same way, by the same verbs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import settings
from app.actors.actor import Actor, Role
from app.cli.installation import opened
from app.cli.telling import Telling
from app.detection import justifications
from app.inventory import queries as inventory
from app.inventory import rosters, systems
from app.inventory.policy import OURSELVES
from app.inventory.tables import AccountRow, SystemRow
from app.kit import clock
from app.kit.engine import EmbeddedLock
from app.kit.refusal import Refusal, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means
from app.notices import channels, subscriptions
from app.notices.events import FOR_OPERATORS, FOR_REVIEWERS
from app.notices.policy import CONCERNED
from app.worker import Worker
from connectors.connector import ActKind
from connectors.sandbox import company as companies
from connectors.sandbox import roster as rolls
from connectors.sandbox.serve import Running, start

ADMIN = Actor("demo:admin", "Demo admin", frozenset({Role.ADMIN}), way="demo")
VOUCHER = Actor("demo:people", "Demo people department", frozenset({Role.ADMIN}), way="demo")
ROSTER, SALESFORCE, HUBSPOT = "People (DEMO)", "Salesforce (DEMO)", "HubSpot (DEMO)"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a played demo holds."""

    means: Means
    worker: Worker
    company: companies.Company
    sandboxes: Mapping[str, Running]
    fallback: str
    second: str
    owner: str  # of the review as a control: who accepts what it is of, and signs what came of it


@contextmanager
def set_up(
    telling: Telling,
    *,
    keep: bool,
    people: int,
    seed: int,
    database_url: str | None = None,
    page_size: int = 2000,
    work: bool = True,
    port: int | None = None,
) -> Iterator[Stage]:
    """Start the sandboxes, open the demo's own installation, add the three systems, and lend it a worker.

    `page_size` is Salesforce's; without `work` others are the workers. `port` is where the demo will be served: links in
    its messages lead there.
    """
    home = home_in(settings.read().home)
    insist(why_not_here(home))
    if home.exists() and not keep:
        shutil.rmtree(home)
    known = (home / "key").exists()
    at = clock.now()
    with ExitStack() as stack:
        with telling.step("Starting a pretend Salesforce and a pretend HubSpot") as progress:
            company = companies.make(seed, at, people)
            sandboxes = {
                kind: start(kind, home=home / "sandbox", seed=seed, people=people) for kind in ("salesforce", "hubspot")
            }
            for running in sandboxes.values():
                stack.callback(running.stop)
            progress.note(f"{len(company.people)} people work there")
        # This small and neglected company's first review takes away more at once than the 10 % that are allowed by default.
        given = {
            "home": home,
            "database_url": database_url or f"sqlite:///{home}/rolecall.db",
            "max_removals_percent": 60,
            "release_above": 1000,  # there is nobody else to release them
            "quiet_until": settings.read().quiet_from,  # whoever plays at night wants to see the mails as well
            "port": port,
        }
        means = stack.enter_context(opened(migrate=True, demo=True, **given))
        with means.database.transaction() as session:
            if known:
                insist(_why_not_again(session, home))
                _find_again(session, sandboxes)
            else:
                _add_systems(session, means, company, sandboxes, page_size, at)
                _add_outbox(session, means, at)
        worker = Worker(
            means,
            holder="rolecall demo",
            scheduled=False,
            address=means.settings.base_url if port is not None else None,
        )
        if work:
            worker.start()
            stack.callback(worker.stop)
        heads = _heads(company)
        yield Stage(means, worker, company, sandboxes, *heads)


def home_in(given: Path) -> Path:
    """Where the demo lives: in a folder of its own, which `given` is already where a demo told somebody to point to it."""
    return given if given.name == "demo" and (given / "sandbox").is_dir() else given / "demo"


def why_not_here(home: Path) -> Refusal | None:
    """Why no demo may begin in this home: one is being shown there."""
    holder = EmbeddedLock.holder(home) if home.exists() else None
    if holder is None:
        return None
    way_out = "Stop it first (Ctrl-C in its terminal), or name another ROLECALL_HOME."
    return Refusal("demo_runs", f"{home} is in the hands of {holder}.", way_out)


def read_all(stage: Stage, *only: str) -> None:
    """Have every system read, the roster first, so that who people are is known when their accounts are seen; or systems of
    the kinds that are named alone."""
    with stage.means.database.reading() as session:
        rows = [row for row in inventory.systems(session) if not only or row.kind in only]
        ordered = sorted(rows, key=lambda row: row.kind != "roster")
    for wave in ([row for row in ordered if row.kind == "roster"], [row for row in ordered if row.kind != "roster"]):
        with stage.means.database.transaction() as session:
            asked = [Entry(Kind.SYNC_REQUESTED, f"system:{r.id}", {"system": r.id, "because": "demo"}) for r in wave]
            entries.record_many(session, asked, by=ADMIN.id, at=stage.means.clock())
        stage.worker.wait_until_idle()


def put_reasons_on_file(stage: Stage) -> int:
    """Write down the reasons that this company has for some of its privileges. Returns how many."""
    at, count = stage.means.clock(), 0
    with stage.means.database.transaction() as session:
        for said in rolls.reasons(stage.company):
            for account in _accounts(session, said):
                days = stage.means.settings.justification_days
                until = at + timedelta(days=days)
                justifications.record(session, account, said["reason"], until=until, most_days=days, by=VOUCHER, at=at)
                count += 1
    return count


def switch_writing_on(stage: Stage) -> None:
    """Allow the sandboxes' executors every kind of act that they can carry out."""
    with stage.means.database.transaction() as session:
        for row in inventory.systems(session):
            if row.kind not in ("roster", OURSELVES):  # which can what it can from the start
                systems.switch_writing(session, row, list(ActKind), by=ADMIN, at=stage.means.clock())


def _add_systems(
    session: Session,
    means: Means,
    company: companies.Company,
    sandboxes: Mapping[str, Running],
    page_size: int,
    at: datetime,
) -> None:
    owner = _heads(company)[0]
    roster = systems.add(
        session, name=ROSTER, kind="roster", config={}, reader={}, demo=True, keys=means.keys, by=ADMIN, at=at
    )
    text = rolls.csv_text(company).encode()
    upload = rosters.upload(
        session, roster, text, source="the demo's people department", extracted_at=at, by=ADMIN, at=at
    )
    rosters.approve(session, upload, by=VOUCHER, at=at)
    for name, kind in ((SALESFORCE, "salesforce"), (HUBSPOT, "hubspot")):
        given: dict[str, Any] = sandboxes[kind].credentials
        config = {name: str(value) for name, value in given.items() if not isinstance(value, dict)}
        if kind == "salesforce":
            config["page_size"] = str(page_size)
        systems.add(
            session, name=name, kind=kind, config=config, reader=way_in(given["reader"]),
            executor=way_in(given["executor"]), owner_key=owner, demo=True, keys=means.keys, by=ADMIN, at=at,
        )  # fmt: skip


def _add_outbox(session: Session, means: Means, at: datetime) -> None:
    """Mails are written to files in the demo's home, for anybody to open."""
    outbox, _ = channels.add(
        session, name="Outbox (DEMO)", kind="file", config={"sender": "rolecall@demo.example"}, secret={}, keys=means.keys,
        by=ADMIN, at=at,
    )  # fmt: skip
    subscriptions.add(session, outbox, events=FOR_REVIEWERS, recipient=CONCERNED, by=ADMIN, at=at)
    subscriptions.add(session, outbox, events=FOR_OPERATORS, recipient="it@demo.example", by=ADMIN, at=at)


def mails_of(stage: Stage) -> Path:
    """Where the demo's mails lie."""
    return stage.means.settings.home / "outbox"


def _why_not_again(session: Session, home: Path) -> Refusal | None:
    """Why a home that is kept cannot be played on: a demo did not begin it, or was stopped before it had its systems."""
    if {ROSTER, SALESFORCE, HUBSPOT} <= {row.name for row in inventory.systems(session)}:
        return None
    told = f"{home} was begun by another command, or by a demo that was stopped early: the demo's company is not in it."
    way_out = "Without --keep it is begun anew, and what is in it is thrown away; or name another ROLECALL_HOME."
    return Refusal("not_a_demo", told, way_out)


def _find_again(session: Session, sandboxes: Mapping[str, Running]) -> None:
    """A demo that was kept: the sandboxes are the same, and answer at other ports."""
    for row in inventory.systems(session):
        if row.kind in sandboxes:
            said = sandboxes[row.kind].credentials
            row.config = row.config | {name: str(said[name]) for name in row.config if name in said}


def way_in(given: Mapping[str, str]) -> dict[str, str]:
    """One way of signing in out of those the sandbox offers: a signed assertion before a shared secret, both before a
    password."""
    ways = (("private_key",), ("client_secret",), ("password", "security_token"))
    chosen = next((way for way in ways if way[0] in given), ())
    others = {name for way in ways if way != chosen for name in way}
    return {name: value for name, value in given.items() if name not in others}


def _heads(company: companies.Company) -> tuple[str, str, str]:
    """The head of IT, who owns the CRMs and decides in the last resort, the one above everybody, and somebody else of those
    who report to that one, or to anybody, as the control owner."""
    top = next(person for person in company.people.values() if person.manager is None)
    head = next(p for p in company.people.values() if p.department == "IT" and p.manager == top.key and p.end is None)
    others = [p for p in company.people.values() if p.end is None and p.key not in (head.key, top.key)]
    owner = next((p for p in others if p.manager == top.key and p.department != head.department), others[0])
    return head.key, top.key, owner.key


def _accounts(session: Session, said: Mapping[str, Any]) -> list[AccountRow]:
    found = inventory.find_identity(session, said["person"])
    if found is None:
        return []
    rows = select(AccountRow).join(SystemRow, SystemRow.id == AccountRow.system_id)
    return list(session.scalars(rows.where(AccountRow.identity_id == found.id, SystemRow.kind == said["system"])))


def home_of(stage: Stage) -> Path:
    """Where the demo keeps its things."""
    return stage.means.settings.home
