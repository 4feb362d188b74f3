"""What an identity provider says of somebody, read: who they are, which roles their groups give, whether they may come.

Nobody is known by an address, for those change hands; `sub` at its issuer is for ever. An address counts only when it is
verified, and then it ties somebody to the roster and to an invitation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.actors.actor import Role
from app.kit.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Rules:
    """How claims become roles. `groups_claim` may go down by dots; `roles` maps a role to the groups that give it."""

    groups_claim: str
    roles: Mapping[str, tuple[str, ...]]
    default_role: str = ""
    email_domains: tuple[str, ...] = ()
    trust_email: bool = False
    auditor_lasts: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody the provider vouches for. `email` only if it is verified, lower case; `roles` are those of their groups."""

    issuer: str
    subject: str
    name: str
    email: str | None
    roles: frozenset[Role]


def why_not_come(claims: Mapping[str, Any], rules: Rules) -> Refusal | None:
    """Why nobody comes in on these claims, whoever they are here: no subject, a foreign address, groups left out."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\x00" in subject:
        return Refusal(
            "bad_token", "The provider did not say who you are.", "Tell your IT: `sub` is missing.", status=502
        )
    email = verified_email(claims, trusted=rules.trust_email)
    if rules.email_domains and (email is None or email.rpartition("@")[2] not in rules.email_domains):
        return Refusal(
            "wrong_domain",
            "You signed in with an account of another company, or its address is not verified.",
            f"Sign in with an address of {' or '.join(rules.email_domains)}.",
            status=403,
        )
    if rules.roles and left_out(claims, rules.groups_claim):
        return Refusal(
            "groups_left_out",
            "You are in so many groups that the provider left them all out of its answer, so we cannot tell your role.",
            "Tell your IT: have the provider send only the groups assigned to Rolecall, or app roles instead.",
            status=403,
        )
    return None


def arrival(claims: Mapping[str, Any], rules: Rules, issuer: str) -> Arrival:
    """Who comes, from claims that `why_not_come` has nothing against."""
    groups = groups_in(claims, rules.groups_claim)
    roles = {Role(role) for role, giving in rules.roles.items() if groups & set(giving)}
    if not roles and rules.default_role:
        roles = {Role(rules.default_role)}
    email = verified_email(claims, trusted=rules.trust_email)
    spoken = (claims.get("name"), claims.get("preferred_username"), email, claims["sub"])
    name = next(str(each) for each in spoken if isinstance(each, str) and each.strip())
    return Arrival(issuer, claims["sub"], name.replace("\x00", "").strip()[:200], email, frozenset(roles))


def groups_in(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """The groups listed under a claim. A name with dots is looked for as it is first, then a level down at each dot."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found})
    return (
        frozenset(each for each in found if isinstance(each, str)) if isinstance(found, list | tuple) else frozenset()
    )


def left_out(claims: Mapping[str, Any], path: str) -> bool:
    """Whether the provider says that there are groups and does not name them (Entra ID's "group overage")."""
    if groups_in(claims, path):
        return False
    names = claims.get("_claim_names")
    return (isinstance(names, Mapping) and path in names) or bool(claims.get("hasgroups"))


def verified_email(claims: Mapping[str, Any], *, trusted: bool) -> str | None:
    """The address, lower case, if it is verified: the token says so (Entra ID: `xms_edov`), or its issuer is trusted."""
    email = claims.get("email")
    if not isinstance(email, str) or not 3 <= len(email.strip()) <= 320 or "@" not in email or "\x00" in email:
        return None
    said = claims.get("email_verified", claims.get("xms_edov"))
    if said in (False, "false", 0, "0"):
        return None
    return email.strip().lower() if trusted or said in (True, "true", 1, "1") else None
