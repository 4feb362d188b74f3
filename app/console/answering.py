"""What a form of a review's page says: one word for one or more items, each with the version that was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from app.console import forms
from app.kit.refusal import Refusal, Refused
from app.review.aside import Aside
from app.review.policy import WITHDRAW
from app.stories import share

TOGETHER = "together"  # one answer for a person
ALTER = "alter"  # what access contains must be changed; the reason says to what
UNTIL = "until"  # keep it until a day, and remove it then
# The button that was pressed -> the answer; "keep" and TOGETHER depend on the item.
PLAIN: Mapping[str, str] = {
    "remove": "remove",
    UNTIL: "remove",
    "change": "change",
    ALTER: "change",
    WITHDRAW: WITHDRAW,
    **{str(each): str(each) for each in Aside},
}
TOLD: Mapping[str, str] = {  # after a count
    "remove": "to be removed",
    UNTIL: "to be removed after that day",
    "change": "to be changed",
    ALTER: "to be changed",
    TOGETHER: "confirmed",
    WITHDRAW: "taken back, without an answer now",
    Aside.NOT_MINE: "set aside as not yours; what is set aside goes on when you submit",
    Aside.CANNOT_SAY: "set aside, as you cannot say; what is set aside goes on when you submit",
}
_MANY = ("keep", "remove", Aside.NOT_MINE)  # what can be said of those that are chosen


@dataclass(frozen=True, slots=True)
class Wish:
    """What was said, of which items, and with what."""

    said: str
    items: Mapping[int, int]  # each with the version that was seen
    reason: str = ""
    change_to: str | None = None
    until: datetime | None = None


def read(form: FormData, zone: ZoneInfo) -> Wish:
    """The button that was pressed, with what stands beside it. A day is over at its end in the operator's zone."""
    for said in ("keep", TOGETHER, *PLAIN):
        given = forms.text(form, said)
        if given:
            items = _items(given.split())
            only = next(iter(items)) if len(items) == 1 else None
            return Wish(said, items) if only is None or said == WITHDRAW else _one(form, said, items, only, zone)
    said = forms.text(form, "many")
    chosen = [str(value) for value in form.getlist("chosen")]
    if said not in _MANY or not chosen:
        told = "Choose some, then say what is to become of them."
        raise Refused(Refusal("nothing_chosen", "Nothing was chosen.", told, status=422))
    return Wish(said, _items(chosen), forms.text(form, "reason"))


def _one(form: FormData, said: str, items: Mapping[int, int], only: int, zone: ZoneInfo) -> Wish:
    """What is said of one item; the less usual answers have fields of their own."""
    if said not in (UNTIL, "change", *Aside):
        return Wish(said, items, forms.text(form, f"why-{only}"))
    reason = forms.text(form, f"note-{only}")
    if said == UNTIL:
        return Wish(said, items, reason, until=_end_of(forms.text(form, f"until-{only}"), zone))
    if said == "change":
        to = forms.text(form, f"key-{only}") or forms.text(form, f"to-{only}")
        if not to:
            raise Refused(Refusal("no_change", "Say what to change it to.", "Choose one from the list.", status=422))
        return Wish(said, items, reason, change_to=to[:200])
    return Wish(said, items, reason)


def _end_of(written: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(written), time(23, 59, 59), zone)
    except ValueError:
        told = f"{written!r} is no day." if written else "Say until which day."
        raise Refused(Refusal("no_day", told, "Write it as 2027-01-31.", status=422)) from None


def _items(given: Sequence[str]) -> dict[int, int]:
    wanted = {}
    for each in given[: share.MOST]:
        item, _, version = each.partition(":")
        number, seen = forms.number(item), forms.number(version)
        if number is None or seen is None:
            raise Refused(Refusal("does_not_fit", "This is not a choice of ours.", "Load the page again.", status=422))
        wanted[number] = seen
    return wanted
