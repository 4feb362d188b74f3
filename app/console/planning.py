"""When reviews open by themselves, as a form writes it: cadence, day, hour, and which days are closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.console import forms
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review import schedule, workdays
from app.review.schedules import Rhythm
from app.review.tables import ScheduleRow

WORDS = ("cadence", "every", "starts_on", "zone", "opens_on_day", "opens_at_hour", "due_days")
_OFFICE = list(workdays.WEEKDAYS[:5])
MOST_CLOSED = 12_000  # signs: a hundred stretches with their reasons


def new(means: Means) -> dict[str, Any]:
    """What a new schedule's form begins with."""
    return {
        "cadence": schedule.QUARTERLY, "every": "1", "starts_on": "", "zone": means.settings.time_zone,
        "opens_on_day": str(schedule.USUAL_DAY[schedule.QUARTERLY]), "opens_at_hour": "9", "due_days": "21",
        "days": _OFFICE, "closed": "",
    }  # fmt: skip


def shown(row: ScheduleRow) -> dict[str, Any]:
    """A schedule's plan, as its form shows it."""
    plan = {name: "" if (value := getattr(row, name)) is None else str(value) for name in WORDS}
    days = (row.calendar or {}).get("days", workdays.WEEKDAYS)
    return plan | {"days": list(days), "closed": workdays.lines(row.calendar)}


def given(form: Any) -> dict[str, Any]:
    """What was written, as it is shown again."""
    plan = {name: forms.text(form, name) for name in WORDS}
    return plan | {"days": form.getlist("days"), "closed": forms.text(form, "closed", most=MOST_CLOSED)}


def rhythm(said: dict[str, Any]) -> tuple[str, Rhythm]:
    """The zone and the rhythm that a form means; a number that is none is out of every range, so that the plan's own rule
    refuses it. Refuses (422) a day that is none, and a week without an open day."""
    numbers = {name: forms.number(said[name]) for name in ("opens_on_day", "opens_at_hour", "due_days")}
    day, hour, due = (-1 if value is None else value for value in numbers.values())
    if not said["days"]:
        raise Refused(
            Refusal("bad_calendar", "No day of the week is open.", "Tick those on which people work.", status=422)
        )
    return said["zone"], Rhythm(
        cadence=said["cadence"] or schedule.QUARTERLY,
        every=forms.number(said["every"] or "1") or 0,
        starts_on=_day(said["starts_on"]),
        opens_on_day=day or -1,
        opens_at_hour=hour,
        due_days=due,
        calendar={"days": list(said["days"]), "closed": workdays.from_lines(said["closed"])},
    )


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        told = f'"{written}" is no day.'
        raise Refused(Refusal("bad_schedule", told, "Write one as in 2027-01-04.", status=422)) from None
