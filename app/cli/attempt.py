"""try: a review from a plain user export, without any credential and without anything leaving this machine.

A file says who may sign in and with which role; it does not say who works here, so the people are taken from the file
itself. Leavers, tokens and integrations stay unknown until a roster and the CRM are connected, and the answer says so.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app import settings
from app.cli.at_work import at_work
from app.cli.installation import opened, operator
from app.cli.telling import Telling
from app.detection.tables import FindingRow
from app.inventory import queries as inventory
from app.inventory import rosters, systems
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means, review_limits
from app.review import campaigns, queries
from connectors import registry
from connectors.records import AccountRecord, Stream

YOU = "you"
_HEADER = ("id", "emails", "name", "manager", "department", "title", "start", "end", "away_from", "away_until", "kind")


def review(telling: Telling, file: Path, reviewer: str, dates: str) -> None:
    """Read the file, ask the rules, open a review, and say how to go on."""
    config = {"path": str(file.absolute())} | ({"dates": dates} if dates else {})
    accounts = _accounts(config)
    home = settings.read().home / "try"
    shutil.rmtree(home, ignore_errors=True)
    given: dict[str, Any] = {"home": home, "database_url": f"sqlite:///{home}/rolecall.db"}
    given |= {"control_owner_required": False}  # whoever tries a file out is alone
    with opened(migrate=True, **given) as means:
        name = file.name
        with telling.step(f"Reading {name}") as progress:
            _add(means, name, config, _people(accounts, reviewer))
            _read(means)
            progress.note(f"{len(accounts)} accounts")
        with means.database.transaction() as session:
            at = clock.now()
            campaign = campaigns.open(
                session,
                name=f"Review of {name}",
                scope={"systems": [name], "kinds": ["grant", "account"], "fallback": YOU, "many_answers": "a try"},
                due_at=at + timedelta(days=means.settings.campaign_due_days),
                limits=review_limits(means.settings),
                by=operator(),
                at=at,
            )
            shares = queries.progress(session, campaign.id)
            by_rule = select(FindingRow.rule, func.count()).group_by(FindingRow.rule)
            found = {row.rule: row[1] for row in session.execute(by_rule)}
    items = sum(share.items for share in shares)
    telling.say(f"A review of {items} items is open; findings: {found or 'none'}.", style="bold")
    telling.say(
        "This file cannot say who has left, which tokens are live, or what was not in it. Connecting the CRM can."
    )
    telling.say(
        f"\n  export ROLECALL_HOME={home}\n  rolecall findings\n  rolecall campaign items {campaign.id} --as {YOU}"
    )
    telling.say(f"  rolecall decide ITEM keep --as {YOU}")
    telling.answer(
        {"home": str(home), "campaign": campaign.id, "accounts": len(accounts), "items": items, "findings": found}
    )


def _accounts(config: dict[str, str]) -> Sequence[AccountRecord]:
    reader = registry.open_reader("spreadsheet", config, {}, lambda _new: None)
    try:
        pages = list(reader.pull(Stream.ACCOUNTS))
    finally:
        reader.close()
    found = [record for page in pages for record in page.records if isinstance(record, AccountRecord)]
    if not found:
        raise Refused(Refusal("nobody_in_it", "No account could be read from this file.", "See docs/spreadsheet.md."))
    return found


def _people(accounts: Sequence[AccountRecord], reviewer: str) -> bytes:
    """The file's own people as a roster, and whoever is to decide. A manager counts if the file names exactly one such."""
    names = Counter(a.name for a in accounts if a.name)
    by_name = {a.name: a.key for a in accounts if a.name and names[a.name] == 1}
    known = {a.key for a in accounts} | {YOU}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADER)
    writer.writerow((YOU, "", reviewer, "", "", "", "", "", "", "", "employee"))
    seen: set[str] = set()
    for account in accounts:
        email = (account.email or "").lower()
        manager = account.manager_key if account.manager_key in known else by_name.get(account.manager_key or "")
        chief = manager if manager != account.key else None
        writer.writerow(
            (account.key, "" if email in seen else email, account.name or account.username, chief or "",
             account.department or "", account.title or "", "", "", "", "", "employee")
        )  # fmt: skip
        seen.add(email)
    return out.getvalue().encode()


def _add(means: Means, name: str, config: dict[str, str], people: bytes) -> None:
    at, by = clock.now(), operator()
    with means.database.transaction() as session:
        roster = systems.add(
            session, name="people of the file", kind="roster", config={}, reader={}, keys=means.keys, by=by, at=at
        )
        rosters.upload(session, roster, people, source=f"taken from {name} itself", extracted_at=at, by=by, at=at)
        systems.add(
            session,
            name=name,
            kind="spreadsheet",
            config=config,
            reader={},
            owner_key=YOU,
            keys=means.keys,
            by=by,
            at=at,
        )


def _read(means: Means) -> None:
    with means.database.reading() as session:
        rows = sorted(inventory.systems(session), key=lambda row: row.kind != "roster")
    with at_work(means) as wait:
        for row in rows:
            with means.database.transaction() as session:
                body = {"system": row.id, "because": "try"}
                entries.record(
                    session, Entry(Kind.SYNC_REQUESTED, f"system:{row.id}", body), by=operator().id, at=clock.now()
                )
            wait()
