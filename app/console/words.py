"""The words pages use for what the stages keep: bands of use, kinds, answers, ages, counts.

Plain words first, for readers who come four times a year; a word that is not known here is shown as it is, never hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.review import advice as thinking
from app.review import remainder

USE: Mapping[str, tuple[str, str]] = {  # band -> (level of the picture, words)
    "within 30 days": ("4", "Used within 30 days"),
    "within 90 days": ("3", "Used within 90 days"),
    "longer": ("1", "Not used for over 90 days"),
    "never": ("0", "Never used"),
    "unknown": ("unknown", "Use is not known"),
}
LEANS: Mapping[str, tuple[str, str]] = {  # a tag, and a sentence
    "each_other": ("review each other", "Whose access it is decides on access of the reviewer's in the same review."),
    "grants": (
        "could grant it themselves",
        "The reviewer can give access in this system, so they could grant what they decide on.",
    ),
    "holds": (
        "holds it themselves",
        "The reviewer holds what they decide on, or is in it, by an account that is theirs.",
    ),
}
ANSWERS: Mapping[str, str] = {"keep": "Keep", "remove": "Remove", "change": "Change", "acknowledge": "Acknowledge"}
ANSWERED: Mapping[str, str] = {
    "keep": "Kept",
    "remove": "To be removed",
    "change": "To be changed",
    "acknowledge": "Acknowledged",
    "withdraw": "Taken back",
    "not_mine": "Not theirs",
    "cannot_say": "Cannot say",
    "silence: keep": "No answer; it stays",
    "silence: remove": "No answer; to be removed",
}
WAYS: Mapping[str, str] = {  # how somebody came in -> said after what they did
    "oidc": "signed in with the company's account",
    "invitation": "signed in by a link from an administrator",
    "link": "by a link from a message",
    "token": "by a token",
    "hook": "by a program's signed message",
    "cli": "at the command line",
    "schedule": "by the schedule",
}
KINDS: Mapping[str, str] = {
    "grant": "access right",
    "account": "account",
    "integration": "program",
    "credential": "key or token",
    "group": "group",
    "definition": "definition",
}
MANY: Mapping[str, str] = {"grant": "access rights", "account": "accounts", "integration": "programs",
                           "credential": "keys or tokens", "group": "groups", "definition": "definitions"}  # fmt: skip
SYSTEMS: Mapping[str, str] = {
    "roster": "who works here",
    "rolecall": "this installation",
}  # kinds that no connector names
ASKED: Mapping[str, str] = {  # what a review may be about
    "grant": "access that is held", "account": "accounts", "integration": "programs", "credential": "keys and tokens",
    "group": "groups and queues: who is in them", "definition": "profiles, roles and permission sets: what they allow",
}  # fmt: skip
REMOVALS: Mapping[str, str] = {  # where a removal stands -> what that means
    "open": "promised, not begun", "by_hand": "waits for a person", "acting": "going on", "acted": "done, not proved yet",
    "declined": "declined by the CRM", "verified": "proved: a later reading lacks it",
    "returned": "it was gone, and is back", "undone": "undone: decided anew",
}  # fmt: skip
ACTS: Mapping[str, str] = {  # kinds of act that a system may be switched on for -> what is done by them
    "freeze": "freeze a login", "end_sessions": "end sessions", "revoke_credential": "revoke a key or token",
    "remove_grant": "take access away", "change_grant": "exchange access for less", "time_box": "give access an end",
    "deactivate": "deactivate an account", "remove_account": "remove an account", "restore": "give back what was taken",
}  # fmt: skip
EVENTS: Mapping[str, str] = {  # turns of a finding
    "opened": "opened", "reopened": "opened again", "closed": "closed", "commented": "said", "assigned": "handed on",
    "acknowledged": "seen", "asked": "waiver asked for", "waived": "waived", "refused": "waiver refused",
    "withdrawn": "waiver withdrawn", "ended": "waiver ended", "overdue": "late", "escalated": "told again",
}  # fmt: skip
PARTS: Mapping[str, str] = {  # of what access contains
    "privileges": "privileges", "native": "flags", "includes": "what it includes", "rights": "rights on records",
    "inside": "groups in it", "members": "members",
    "brings": "what holding it brings",
}  # fmt: skip
PRIVILEGES: Mapping[str, str] = {  # what the house calls a privilege -> what it lets somebody do
    "administer": "can do nearly everything",
    "see_all": "can see every record",
    "change_all": "can change or delete every record",
    "manage_people": "can create accounts and reset their sign-in",
    "manage_access": "can give access to others and take it away",
    "customize": "can change how the CRM is set up",
    "develop": "can run own code inside the CRM",
    "export": "can take data out in bulk",
    "manage_integrations": "can let programs in",
    "manage_security": "can change sign-in rules, keys and logs",
    "bypass_sign_in": "is exempt from the second factor or single sign-on",
    "billing": "can change the subscription",
}


class Facts(dict[str, Any]):
    """What was frozen with an item; a fact that its kind does not have is None, so that pages can ask for any."""

    def __missing__(self, name: str) -> None:
        """Nothing is known of it."""


def facts(known: Any) -> Any:
    """The same, with all that is in it."""
    if isinstance(known, Mapping):
        return Facts({name: facts(value) for name, value in known.items()})
    return [facts(each) for each in known] if isinstance(known, list) else known


def because(advice: Mapping[str, Any]) -> list[str]:
    """On what grounds something is advised, in words."""
    return thinking.because(advice)


def use(band: str | None) -> str:
    """A band of use in a sentence's beginning."""
    return USE.get(band or "unknown", ("unknown", str(band)))[1]


def level(band: str | None) -> str:
    """Which picture a band of use has."""
    return USE.get(band or "unknown", ("unknown", ""))[0]


def privilege(name: str) -> str:
    """What a privilege lets somebody do."""
    return PRIVILEGES.get(name, "can " + name.replace("_", " "))


def removal(status: str, wish: str = "remove") -> str:
    """Where a removal stands, in words; what proves it is another thing for what is given back, changed or ends."""
    if status == "verified" and wish != "remove":
        return "proved: a later reading shows it" if wish == "restore" else "proved by a later reading"
    return REMOVALS.get(status, named(status))


def asked(kinds: Iterable[str]) -> str:
    """What a review is about, one after the other."""
    return ", ".join(ASKED.get(kind, named(kind)) for kind in kinds)


def act(kind: str) -> str:
    """A kind of act, in words."""
    return ACTS.get(kind, named(kind))


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 item`, `2 items`: a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


left_out = remainder.told  # what a review leaves out, how much, and why


def day(at: datetime, zone: str) -> str:
    """The day of a moment, for where no markup can stand."""
    return at.astimezone(ZoneInfo(zone)).strftime("%-d %b %Y")


def month(at: datetime, zone: ZoneInfo) -> str:
    """The month of a moment, as one says it: "January 2027"."""
    return at.astimezone(zone).strftime("%B %Y")


_SPELT = {"api": "API", "crm": "CRM", "oauth": "OAuth", "sso": "SSO", "logins": "sign-ins"}


def named(word: str) -> str:
    """A word of ours as one writes it: `by_hand` reads "by hand", `oauth_token` "OAuth token"."""
    return " ".join(_SPELT.get(part, part) for part in word.replace("it_security", "IT_security").split("_"))


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, as people say it; what is yet to come is said so."""
    seconds = int((now - then).total_seconds())
    if seconds < 0:
        return "in " + _span(-seconds)
    return "just now" if seconds < 60 else _span(seconds) + " ago"


def _span(seconds: int) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return plural(seconds // size, name)
    return "less than a minute"


def ended(outcome: str | None, settled: str | None) -> str:
    """What an item came to, in words; by silence it is nobody's answer. Empty while it has none."""
    if outcome is None:
        return ""
    return ANSWERED.get(f"silence: {outcome}" if settled == "silence" else outcome, outcome)
