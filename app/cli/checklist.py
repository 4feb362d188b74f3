"""controls: what each line of the checklist came out as, now or on a day."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.cli.installation import opened, operator
from app.cli.telling import Telling
from app.compliance import policy, queries, statuses
from app.compliance.controls import catalogue
from app.compliance.controls.line import Line, Outcome
from app.compliance.tables import OutcomeRow
from app.kit import clock
from app.kit.refusal import Refused
from app.means import Means, promise_limits

NOT_YET = "nobody has looked at it yet; `rolecall controls --now` does"


def show(telling: Telling, section: str | None, outcome: str | None, on: str | None, *, now: bool) -> None:
    """Every line, in the checklist's order."""
    with opened() as means:
        if now:
            judge(means)
        with means.database.reading() as session:
            at = moment(on, means.settings.time_zone) if on is not None else None
            found = told(session, at)
            run = queries.latest_run(session, at=at)
    shown = [
        each
        for each in found
        if section in (None, each["section"]) and outcome in (None, each["outcome"], each["outcome"].lower())
    ]
    telling.table(
        ("line", "outcome", "what", "because"),
        ((each["id"], each["outcome"], each["title"], each["because"]) for each in shown),
        empty="No line is like that.",
    )
    counts = Counter(each["outcome"] for each in shown)
    telling.say("  ".join(f"{counts[name]} {name}" for name in Outcome if counts[name]))
    if run is not None:
        telling.say(f"As of {run.at.isoformat(timespec='minutes')}, checklist {run.version}.")
    telling.answer(shown)


def one(telling: Telling, name: str) -> None:
    """One line with everything it rests on."""
    line = find(name)
    with opened() as means, means.database.reading() as session:
        rows = queries.outcomes(session, line=line.id)
        names = {row.id: row.name for row in queries.crms(session)}
        past = queries.history(session, line.id)
    telling.say(f"{line.id}  {line.title}")
    telling.say(f"ISO/IEC 27001:2022 {', '.join(line.iso2022) or '–'}; 2013 {', '.join(line.iso2013) or '–'}; "
                f"SOC 2 {', '.join(line.soc2) or '–'}")  # fmt: skip
    where = {row.id: names.get(row.system_id, "") if row.system_id is not None else "over all" for row in rows}
    if (paper := line.paper) is not None:
        telling.say(f"On file: {paper.title} ({paper.owner}; {paper.approver} approves; {paper.days} days at most)")
    told = [(where[row.id], row.outcome, row.because, row.began.date()) for row in rows]
    telling.table(("where", "outcome", "because", "since"), told, empty=f"NOT_EVALUABLE: {NOT_YET}.")
    systems = [_outcome(row) | {"system": where[row.id]} for row in rows if row.system_id]
    history = [_outcome(row) | {"began": row.began, "ended": row.ended} for row in past]
    telling.answer({**described(line), "paper": _paper(line), "systems": systems, "history": history})


def judge(means: Means) -> statuses.Judged:
    """Look at every line now."""
    with means.database.transaction() as session:
        days = means.settings.roster_max_age_days
        limits = promise_limits(means.settings)
        return statuses.judge(session, limits, roster_max_age_days=days, by=operator(), at=means.clock())


def told(session: Session, at: datetime | None = None) -> list[dict[str, Any]]:
    """Every line of the checklist with what it came out as over all."""
    known = {row.line: row for row in queries.outcomes(session, at=at, place=queries.ALL)}
    return [described(line) | _outcome(known.get(line.id)) for line in catalogue.LINES.values()]


def described(line: Line) -> dict[str, Any]:
    """What a line is, whatever it came out as."""
    return {
        "id": line.id, "section": line.section, "title": line.title, "iso2022": list(line.iso2022),
        "iso2013": list(line.iso2013), "clauses": list(line.clauses), "soc2": list(line.soc2),
        "modes": [str(mode) for mode in line.modes],
    }  # fmt: skip


def _outcome(row: OutcomeRow | None) -> dict[str, Any]:
    if row is None:
        return {"outcome": str(Outcome.NOT_EVALUABLE), "because": NOT_YET, "proof": [], "since": None}
    return {"outcome": row.outcome, "because": row.because, "proof": row.proof, "since": row.began}


def _paper(line: Line) -> dict[str, Any] | None:
    paper = line.paper
    return None if paper is None else asdict(paper) | {"approver": paper.approver}


def find(name: str) -> Line:
    """The line of this id; `9.1.2` is as good as `CRM-9.1.2`."""
    found = catalogue.LINES.get(name) or catalogue.LINES.get(f"CRM-{name}")
    if found is None:
        raise Refused(policy.no_line(name))
    return found


def moment(text: str, zone: str) -> datetime:
    """A moment, or the end of a day in the operator's zone."""
    if len(text) == len("2026-09-30"):
        day = datetime.fromisoformat(text).date()
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC) - timedelta(seconds=1)
    return clock.utc(datetime.fromisoformat(text))
