"""What a person does where no machine may or can: steps in plain words, for any system. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.connector import Target, TargetKind

PROOF = "You need not report it: the next complete reading of the system shows that it is gone."
_PROOFS = {
    "change": "You need not report it: the next complete reading of the system shows the exchange.",
    "restore": "You need not report it: the next complete reading of the system shows that it is there again.",
    "time_box": "You need not report it: the next complete reading of the system shows its end, or that it is gone.",
}


def steps(
    target: Target, *, system: str, wish: str = "remove", change_to: str | None = None, until: datetime | None = None
) -> tuple[str, ...]:
    """The steps that make one promise true by hand, the last of them the same always: the next reading proves it."""
    what = _given_back(target) if wish == "restore" else _what(target, wish, change_to, until)
    return (f"Sign in to {system} as an administrator.", *what, _PROOFS.get(wish, PROOF))


def _what(target: Target, wish: str, change_to: str | None, until: datetime | None) -> tuple[str, ...]:
    who = _who(target)
    if target.kind is TargetKind.GRANT:
        named = _named(target)
        if wish == "change":
            other = f"assign {change_to}" if change_to else "assign what was decided"
            return (f"Open {who}.", f"First {other}, then take away {named}.")
        if wish == "time_box":
            day = until.date().isoformat() if until else "the day that was decided"
            return (
                f"Open {who}.",
                f"Give {named} an end on {day}; where that is not possible, take it away on that day.",
            )
        return (f"Open {who}.", f"Take away {named}.")
    if target.kind is TargetKind.CREDENTIAL:
        owner = f" of {who}" if target.account_key else ""
        return (
            f"Find the token or key {target.credential_key}{owner}.",
            "Revoke it; where nothing else helps, delete it.",
        )
    if target.kind is TargetKind.INTEGRATION:
        return (
            f"Find the integration {target.integration_key}.",
            "Revoke its tokens, then block or uninstall it.",
        )
    return (f"Open {who}.", "Deactivate the account; do not delete it, for its records and history hang on it.")


# Where each kind of CRM keeps what access contains, by kind of entitlement; "" is for any other.
_PLACES: Mapping[str, Mapping[str, str]] = {
    "salesforce": {
        "profile": "Open Setup, Profiles",
        "permission_set": "Open Setup, Permission Sets",
        "permission_set_group": "Open Setup, Permission Set Groups",
        "role": "Open Setup, Roles",
        "group": "Open Setup, Public Groups",
        "queue": "Open Setup, Queues",
        "territory": "Open Setup, Territory Models",
    },
    "hubspot": {
        "role": "Open Settings, Users & Teams, Permission sets",
        "team": "Open Settings, Users & Teams, Teams",
        "super_admin": "Open Settings, Users & Teams",
    },
}


def of_contents(target: Target, *, system: str, crm: str, called: str, wish: str) -> tuple[str, ...]:
    """The steps for a group or a definition. `crm` is the system's kind, `called` what it is called there."""
    kind = (target.entitlement_kind or "").replace("_", " ")
    place = _PLACES.get(crm, {}).get(
        target.entitlement_kind or "", f"Open where {system} keeps its {kind or 'access'}s"
    )
    what = {
        "change": "Change it as the answer in the review says. Who has it is told there.",
        "restore": "Make it as it was; the review shows what it contained.",
    }.get(wish, "See that nobody has it and nothing includes it any more, then delete it; what is built in cannot be.")
    return (f"Sign in to {system} as an administrator.", f"{place}, and {called}.", what, _CONTENTS[wish])


_CONTENTS = {
    "remove": PROOF,
    "change": "You need not report it: the next complete reading of the system shows that it contains something else.",
    "restore": _PROOFS["restore"],
}


def _given_back(target: Target) -> tuple[str, ...]:
    who = _who(target)
    if target.kind is TargetKind.GRANT:
        return (f"Open {who}.", f"Assign {_named(target)} again.")
    if target.kind is TargetKind.CREDENTIAL:
        return (
            f"Ask {who} to make a new token or key in place of {target.credential_key}; a revoked one stays revoked.",
        )
    if target.kind is TargetKind.INTEGRATION:
        return (f"Install or unblock the integration {target.integration_key}.", "Let its owner connect it anew.")
    return (f"Open {who}.", "Activate the account again, and unfreeze it.")


def _who(target: Target) -> str:
    return target.username or target.email or target.account_key or "the account"


def _named(target: Target) -> str:
    return f"{(target.entitlement_kind or 'access').replace('_', ' ')} {target.entitlement_key}"
