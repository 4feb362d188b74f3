"""findings and justify: what is wrong, and the reasons on file."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.cli.installation import opened, operator
from app.cli.telling import Telling
from app.compliance import promised
from app.detection import justifications, queries
from app.inventory.tables import AccountRow, SystemRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused


def show(telling: Telling, status: str, rule: str | None) -> None:
    """Findings, worst first, with what to do."""
    with opened() as means, means.database.reading() as session:
        names = {row.id: row.name for row in session.execute(select(SystemRow.id, SystemRow.name))}
        rows = session.scalars(queries.findings(status=None if status == "all" else status, rule=rule)).all()
    telling.table(
        ("#", "severity", "rule", "where", "subject", "because", "since"),
        (
            (
                row.id, row.severity, row.rule, names.get(row.system_id or 0, ""),
                row.facts.get("account") or row.facts.get("credential") or row.subject, row.because,
                row.opened_at.date(),
            )
            for row in rows
        ),
        empty="No finding. `rolecall doctor` says what could not be read.",
    )  # fmt: skip
    telling.answer(
        [
            {
                "id": row.id, "rule": row.rule, "severity": row.severity, "status": row.status,
                "system": names.get(row.system_id or 0), "subject": row.subject, "because": row.because,
                "facts": row.facts, "opened_at": row.opened_at, "last_seen_at": row.last_seen_at,
                "times_opened": row.times_opened, "baseline": row.baseline,
                "todo": asked.todo if (asked := promised.rule_of(row.rule)) else None,
            }
            for row in rows
        ]
    )  # fmt: skip


def justify(telling: Telling, account: str, reason: str, days: int) -> None:
    """Put a reason on file for one account's privileges."""
    at = clock.now()
    system_name, _, username = account.partition("/")
    with opened() as means:
        with means.database.transaction() as session:
            row = session.scalar(
                select(AccountRow)
                .join(SystemRow, SystemRow.id == AccountRow.system_id)
                .where(SystemRow.name == system_name, AccountRow.username == username)
            )
            if row is None:
                raise Refused(
                    Refusal(
                        "no_account", f"No account {username!r} in a system {system_name!r}.", "Write SYSTEM/USERNAME."
                    )
                )
            justifications.record(
                session,
                row,
                reason,
                until=at + timedelta(days=days),
                most_days=means.settings.justification_days,
                by=operator(),
                at=at,
            )
        telling.say(f"On file for {days} days. The finding closes with the next run of the rules.")
