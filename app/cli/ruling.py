"""rules: what is asked, which rules tell people, and the numbers that a system is judged by."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.cli.at_work import at_work
from app.cli.installation import opened, operator
from app.cli.telling import Telling
from app.detection import limits, queries, runs, tuning
from app.detection.limits import Limits
from app.inventory import queries as inventory
from app.inventory.tables import SystemRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.means import rule_limits
from app.stories import rules


def show(telling: Telling) -> None:
    """Every rule, and what it proposes where too many of its findings were accepted."""
    with opened() as means, means.database.reading() as session:
        standing = queries.standing(session, rules.OF_SYSTEMS)
    telling.table(
        ("rule", "severity", "asks about", "2022", "tells", "open", "waived", "proposes"),
        (
            (
                each.rule.name, each.rule.severity, each.rule.subject, " ".join(each.rule.iso),
                "yes" if each.alerts else "", each.open or "", each.waived or "", each.proposes or "",
            )
            for each in standing
        ),
    )  # fmt: skip
    telling.answer(
        [
            {
                "name": each.rule.name, "title": each.rule.title, "severity": each.rule.severity,
                "subject": each.rule.subject, "iso": list(each.rule.iso), "controls": list(each.rule.controls),
                "limits": list(each.limits), "alerts": each.alerts, "open": each.open, "waived": each.waived,
                "proposes": each.proposes,
            }
            for each in standing
        ]
    )  # fmt: skip


def page(telling: Telling, name: str) -> None:
    """One rule's manual page."""
    rule = rules.OF_SYSTEMS.get(name)
    if rule is None:
        raise Refused(Refusal("no_such_rule", f"There is no rule {name}.", "See `rolecall rules list`.", status=404))
    telling.say(f"{rule.title} ({rule.severity}; A.{', A.'.join(rule.iso)})\n\n{rules.manual(name)}\n\n{rule.todo}")
    for kind, steps in rule.steps.items():
        telling.say(f"\nIn {kind or 'any system'}:")
        for number, step in enumerate(steps, 1):
            telling.say(f"  {number}. {step}")
    telling.answer({"name": name, "manual": rules.manual(name), "todo": rule.todo, "steps": dict(rule.steps)})


def ask(telling: Telling, named: str | None) -> None:
    """Have every rule asked of one system, or of all that were ever read, and wait for it."""
    with opened() as means:
        asked = clock.now()
        with means.database.transaction() as session:
            chosen = [_system(session, named)] if named else _read_ones(session)
            for row in chosen:
                runs.ask(session, row, by=operator(), at=asked)
        names = {row.id: row.name for row in chosen}
        doing = f"Asking about {', '.join(names.values()) or 'nothing'}"
        with telling.step(doing) as progress, at_work(means, progress) as wait:
            wait()
        with means.database.reading() as session:
            told = [{"system": name} | _what_came(session, number, asked) for number, name in names.items()]
    telling.table(
        ("system", "status", "opened", "opened again", "closed"),
        ((t["system"], t["status"], t["opened"], t["reopened"], t["closed"]) for t in told),
        empty="No system was ever read: rolecall sync.",
    )
    telling.answer(told)


def _read_ones(session: Session) -> list[SystemRow]:
    every = [row for row in inventory.systems(session) if row.kind != "roster"]
    return [row for row in every if inventory.latest_sealed(session, row.id) is not None]


def _what_came(session: Session, system_id: int, asked: datetime) -> dict[str, Any]:
    """What the pass over a system changed; a worker that runs elsewhere may not be there yet."""
    run = queries.latest_run(session, system_id)
    if run is None or run.at < asked:
        return {"status": "waiting for a worker", "opened": None, "reopened": None, "closed": None}
    counts = queries.events_of(session, run)
    return {"status": "asked"} | {kind: counts.get(kind, 0) for kind in ("opened", "reopened", "closed")}


def numbers(telling: Telling, system: str | None) -> None:
    """The numbers that rules judge by; of one system, its own among them."""
    with opened() as means, means.database.reading() as session:
        base = rule_limits(means.settings)
        own = {row.name: row for row in queries.own_limits(session, _system(session, system).id)} if system else {}
        judged: Limits = base.having({name: row.value for name, row in own.items()})
    told = asdict(judged)
    telling.table(
        ("number", "value", "own", "why"),
        (
            (name, told[name], own[name].because if name in own else "", limits.WHY[name])
            for name in limits.NAMES
        ),
    )  # fmt: skip
    telling.answer(
        [
            {
                "name": name, "value": told[name], "everybodys": getattr(base, name), "own": name in own,
                "because": own[name].because if name in own else None, "why": limits.WHY[name],
            }
            for name in limits.NAMES
        ]
    )  # fmt: skip


def set_limit(telling: Telling, system: str, name: str, value: int | None, because: str) -> None:
    """Judge one system by a number of its own, or by everybody's again."""
    at = clock.now()
    with opened() as means, means.database.transaction() as session:
        row = _system(session, system)
        if value is None:
            tuning.clear_limit(session, row, name, because, by=operator(), at=at)
        else:
            tuning.set_limit(session, row, name, value, because, by=operator(), at=at)
    telling.say(
        f"{system}: {name} is {'that of all again' if value is None else value}, from the next pass of the rules on."
    )


def alert(telling: Telling, name: str, because: str, *, on: bool) -> None:
    """Have people told, or not told, of a rule's new findings."""
    if name not in rules.OF_SYSTEMS:
        raise Refused(Refusal("no_such_rule", f"There is no rule {name}.", "See `rolecall rules list`.", status=404))
    with opened() as means, means.database.transaction() as session:
        tuning.switch_alerts(session, rules.OF_SYSTEMS[name], because, on=on, by=operator(), at=clock.now())
    telling.say(f"{name} {'tells people of new findings' if on else 'reports and tells nobody'}.")


def _system(session: Session, named: str) -> SystemRow:
    found = inventory.find_system(session, named)
    if found is None:
        raise Refused(Refusal("no_system", f"There is no system {named}.", "See `rolecall system list`.", status=404))
    return found
