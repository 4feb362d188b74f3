"""What a person does where no machine may or can: steps in plain words, for any system. Pure."""

from __future__ import annotations

from connectors.connector import Target, TargetKind


def steps(target: Target, *, system: str, wish: str = "remove", change_to: str | None = None) -> tuple[str, ...]:
    """The steps that make one removal true by hand, the last of them the same always: the next reading proves it."""
    return (f"Sign in to {system} as an administrator.", *_what(target, wish, change_to), PROOF)


PROOF = "You need not report it: the next complete reading of the system shows that it is gone."


def _what(target: Target, wish: str, change_to: str | None) -> tuple[str, ...]:
    who = target.username or target.email or target.account_key or "the account"
    if target.kind is TargetKind.GRANT:
        named = f"{(target.entitlement_kind or 'access').replace('_', ' ')} {target.entitlement_key}"
        if wish == "change":
            other = f"assign {change_to}" if change_to else "assign what was decided"
            return (f"Open {who}.", f"First {other}, then take away {named}.")
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
