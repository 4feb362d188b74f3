"""When people sign in: told once, so that both sandboxes see the same working life.

Each person has their own random stream, hence nobody's sign-ins change when somebody else's do, and a hundred
thousand people can be told one after the other without keeping them.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from connectors.sandbox.company import Company, Person

MOST = 1_200_000  # sign-ins in all, so that a large company stays small enough to hold
INACTIVE_AFTER = 90


def sign_ins(company: Company, person: Person, crm: str) -> Iterator[datetime]:
    """When this person signed in to `crm` over the days told, oldest first, nothing on the days away."""
    last = last_sign_in(company, person, crm)
    if last is None:
        return
    until = last.date()
    rng = random.Random(f"attendance:{company.seed}:{person.key}:{crm}")
    rate = min(0.55, MOST / (company.history * max(1, len(company.people))))
    hour = rng.randint(6, 9)
    day = max(company.today - timedelta(days=company.history), person.start)
    while day < until:
        if day.weekday() < 5 and not is_away(person, day):
            yield _moment(rng, day, hour)
        day += timedelta(days=1 + int(rng.expovariate(rate) if rate < 0.5 else rng.random() * 2.6))
    yield last


def last_sign_in(company: Company, person: Person, crm: str) -> datetime | None:
    """The last moment this person signed in to `crm`; `None` when they never did."""
    day = last_day(company, person, crm)
    if day is None:
        return None
    return _moment(random.Random(f"last moment:{company.seed}:{person.key}:{crm}"), day, 8)


def last_day(company: Company, person: Person, crm: str) -> date | None:
    """The last day this person signed in to `crm`; `None` when they never did."""
    parts = company.parts
    if person.key in parts["newcomers"] or person.key in parts[f"never_used_{crm}"]:
        return None
    rng = random.Random(f"last:{company.seed}:{person.key}:{crm}")
    if person.key in parts[f"inactive_{crm}"]:
        return company.today - timedelta(days=rng.randint(INACTIVE_AFTER + 5, INACTIVE_AFTER + 80))
    latest = company.today - timedelta(days=rng.randint(1, 6))
    if person.end and person.end < company.today:
        latest = person.end
    if person.away_from and person.away_from <= latest:
        latest = person.away_from - timedelta(days=1)
    return latest


def is_away(person: Person, day: date) -> bool:
    """Whether the roster says that this person is away on `day`."""
    return (
        person.away_from is not None
        and person.away_from <= day
        and (person.away_until is None or day <= person.away_until)
    )


def _moment(rng: random.Random, day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, rng.randint(0, 59), rng.randint(0, 59)), UTC) + timedelta(
        hours=rng.randint(0, 4)
    )
