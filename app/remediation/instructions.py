"""What a person does where no machine may or can: steps in plain words, for any system. Pure."""

from __future__ import annotations

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
