"""What an operator can turn about signing in: the identity provider, how long a sign-in lasts, how often one may try."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Days = Annotated[int, Field(ge=1, le=3650)]
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MAPPED = ("admin", "it_security", "reviewer", "auditor")  # a program has a token and no groups


class SigningIn(BaseModel):
    """Part of `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    oidc_issuer: str = Field(
        "",
        description="Address of the OpenID Connect provider people sign in at, exactly as it names itself. Default: "
        "none; people come in by links.",
    )
    oidc_client_id: str = Field("", description="The client id the provider gave to Rolecall. Default: none.")
    oidc_client_secret: SecretStr | None = Field(
        None,
        description="The client secret that belongs to it. Default: none; PKCE alone, for providers that register "
        "Rolecall as a public client.",
    )
    oidc_name: str = Field(
        "your company account",
        max_length=60,
        description='What the sign-in button says after "Sign in with". Default: words that fit every provider.',
    )
    oidc_scopes: str = Field(
        "openid email profile",
        description="Scopes asked of the provider. Default: who somebody is, and nothing of theirs; some providers "
        "want `groups` too.",
    )
    oidc_groups_claim: str = Field(
        "groups",
        description="Claim of the ID token that lists somebody's groups; a dot goes one level down "
        "(`realm_access.roles`). Default: what most providers call it.",
    )
    oidc_roles: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Which groups give which role, as `admin=rolecall-admins; reviewer=managers, leads`. Default: "
        "none; nobody gets a role from the provider.",
    )
    oidc_default_role: str = Field(
        "",
        description="Role of whoever signs in and is in none of those groups: `reviewer`, or nothing. Default: "
        "nothing, so that not everybody in the company gets in.",
    )
    oidc_email_domains: tuple[str, ...] = Field(
        (),
        description="Domains whose verified addresses may sign in, separated by commas. Default: any; the provider "
        "decides. Name yours if the provider serves others too.",
    )
    oidc_trust_email: bool = Field(
        False,
        description="Whether the provider's address counts as verified although the token does not say so (Entra ID "
        "never does). Default: no, or somebody could claim a colleague's address.",
    )
    oidc_timeout_seconds: int = Field(
        10,
        ge=1,
        le=60,
        description="Seconds to wait for the provider. Default 10: longer, and people have pressed the button again.",
    )
    session_idle_minutes: int = Field(
        120,
        ge=5,
        le=60 * 24 * 7,
        description="Minutes without a click after which a sign-in ends. Default 120: a meeting in the middle of a "
        "review does not cost it.",
    )
    session_hours: int = Field(
        12,
        ge=1,
        le=24 * 30,
        description="Hours after which a sign-in ends in any case. Default 12: one working day.",
    )
    link_days: Days = Field(
        7,
        le=90,
        description="Days a link in a message opens a review. Default 7: a week's absence; a reminder brings a new "
        "one.",
    )
    auditor_days: Days = Field(
        90,
        description="Days an auditor's role lasts that came from a group; an admin can give it anew. Default 90: one "
        "audit's field work.",
    )
    failed_entries: int = Field(
        20,
        ge=3,
        le=10_000,
        description="Different wrong links, tokens or sign-ins in 15 minutes after which an address, a link or a "
        "token has to wait. Default 20: nobody mistypes so often, and nothing can be guessed in so few.",
    )
    requests_per_minute: int = Field(
        600,
        ge=1,
        description="API calls a minute for each token. Default 600: ten a second are plenty for a program, and far "
        "from what hurts.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1",),
        description="Addresses or networks of the proxies in front, separated by commas; only they are believed when "
        "they say where a call comes from. Default: this machine.",
    )

    @field_validator("oidc_email_domains", "trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return [each.strip().lower() for each in given.split(",") if each.strip()] if isinstance(given, str) else given

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(url)
        plain_here = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or plain_here):
            raise ValueError("must be an address like https://login.example.com (http only on this machine)")
        return url

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _roles(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        found: dict[str, tuple[str, ...]] = {}
        for part in filter(str.strip, given.split(";")):
            role, _, groups = part.partition("=")
            names = tuple(name.strip() for name in groups.split(",") if name.strip())
            if role.strip() not in MAPPED or not names:
                raise ValueError(f"must be like admin=group one, group two; reviewer=group; roles: {', '.join(MAPPED)}")
            found[role.strip()] = found.get(role.strip(), ()) + names
        return found

    @field_validator("oidc_default_role")
    @classmethod
    def _default_role(cls, role: str) -> str:
        if role not in ("", "reviewer"):
            raise ValueError("must be reviewer, or empty; more is never given to everybody")
        return role

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for each in given:
            try:
                ipaddress.ip_network(each, strict=False)
            except ValueError:
                raise ValueError(f"{each} is no address and no network like 10.0.0.0/8") from None
        return given


def clashes(settings: SigningIn) -> list[tuple[set[str], str]]:
    """Mistakes between these settings, each with the settings it is between."""
    said: list[tuple[set[str], str]] = []
    if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
        said.append(
            (
                {"oidc_issuer", "oidc_client_id"},
                "ROLECALL_OIDC_ISSUER and ROLECALL_OIDC_CLIENT_ID go together; set both",
            )
        )
    if settings.oidc_issuer and not settings.oidc_roles and not settings.oidc_default_role:
        said.append(
            (
                {"oidc_issuer", "oidc_roles", "oidc_default_role"},
                "ROLECALL_OIDC_ROLES: with a provider, say which groups give which role (or set "
                "ROLECALL_OIDC_DEFAULT_ROLE), or nobody who signs in may do anything",
            )
        )
    if "openid" not in settings.oidc_scopes.split():
        said.append(({"oidc_scopes"}, "ROLECALL_OIDC_SCOPES must contain openid, or the provider names nobody"))
    return said
