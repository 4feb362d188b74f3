"""Sign-ins, good and failed, as `LoginHistory` keeps them for about six months.

It can be filtered by time but not by status or application, and without the right it shows only our own rows and no
error. It is read in windows of whole days, as many days at once as come to about six pages: with fewer, more last pages are
nearly empty; with more, the windows that are asked ahead would wait for each other. No addresses, no places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from connectors.errors import Denied
from connectors.records import LoginRecord, Record
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, moment, quote, when

WINDOW_PAGES = 6
FULL = 95  # percent of a page: a server may give fewer rows than are asked for
MANY_PAGES = 20  # from which on it pays to find the first day that has any
WISH = ("Id", "UserId", "LoginTime", "LoginType", "LoginSubType", "Status", "Application")


def parts(client: Client, gathered: Gathered) -> list[Part]:
    """One part, from midnight `login_days` ago until now."""
    _insist_on_others(client, sure=gathered.rights is not None)
    until = gathered.at.replace(microsecond=0)
    since = until.replace(hour=0, minute=0, second=0) - timedelta(days=client.access.login_days)
    return [
        Part(
            "LoginHistory",
            "LoginHistory",
            WISH,
            translate,
            where=between(since, until),
            order="",
            windows=windows,
            apart=True,
            anchor=f"{moment(since)}|{moment(until)}",
        )
    ]


def _insist_on_others(client: Client, *, sure: bool) -> None:
    """Refuse to read where every row is our own: without the right Salesforce shows no others, and no error either.

    `sure`: we know that we hold it, so that no row at all means that nobody has signed in.
    """
    principal = client.token.principal
    others = client.count("LoginHistory", f"UserId != {quote(principal)}") if principal else 0
    if not others and (not sure or client.count("LoginHistory")):
        name = "Monitor Login History"
        raise Denied(f"logins: only our own sign-ins are visible; our user needs {name}", missing=name)


def between(since: datetime, until: datetime) -> str:
    """The condition for `[since, until)`."""
    return f"LoginTime >= {moment(since)} AND LoginTime < {moment(until)}"


def windows(client: Client, anchor: str, said: int) -> tuple[str, Sequence[str]]:
    """Cut the anchor's span into whole days, so many at once that a window holds about six pages."""
    since_text, until_text, *step_text = anchor.split("|")
    since, until = datetime.fromisoformat(since_text), datetime.fromisoformat(until_text)
    page = client.access.page_size
    if not step_text and said > MANY_PAGES * page:
        since = _first_day(client, since, until)
    days = max(1, (until - since).days + 1)
    many = WINDOW_PAGES * page * FULL * days / (100 * max(1, said))
    step = int(step_text[0]) if step_text else max(1, min(days, round(many)))
    conditions, begin = [], since
    while begin < until:
        end = min(until, begin + timedelta(days=step))
        conditions.append(between(begin, end))
        begin = end
    return f"{moment(since)}|{until_text}|{step}", conditions


def _first_day(client: Client, since: datetime, until: datetime) -> datetime:
    """The last midnight before which the server counts no sign-in at all; found by halving, in nine calls or so."""
    low, high = 0, (until - since).days
    while low < high:
        middle = (low + high + 1) // 2
        if client.count("LoginHistory", between(since, since + timedelta(days=middle))):
            high = middle - 1
        else:
            low = middle
    return since + timedelta(days=low)


def translate(row: Row, _gathered: Gathered) -> Iterable[Record]:
    """One sign-in. `Status` is `Success` or a free text that says why not."""
    get = row.get  # there may be millions of these: no detours
    key, at, status = get("Id"), when(get("LoginTime")), get("Status")
    if not key or at is None:
        raise Odd("a sign-in without Id or time")
    way, manner = get("LoginType"), get("LoginSubType")
    if way and manner:
        way = f"{way}; {manner}"
    succeeded = status == "Success" if status else None
    return (LoginRecord(key, get("UserId"), at, succeeded, way or manner or None, get("Application") or None),)
