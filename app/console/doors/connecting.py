"""Connecting a system step by step: which rights and why, the credential, what can be read with it, and then keep it.

What was pasted is never shown again. Between the check and the keeping it travels sealed, for this visit and half an hour,
together with the address it was checked at, so that nothing else can be kept than what was checked.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.console import forms, rendering
from app.console.doors import systems as pages
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.inventory import checks, systems
from app.inventory import policy as inventory
from app.inventory import queries as seen
from app.inventory.checks import Checked, Guide
from app.inventory.systems import EXECUTOR, READER
from app.kit.refusal import Refusal, Refused, insist
from app.kit.secrets import SecretsError
from app.means import Means

router = APIRouter(include_in_schema=False)
MOST_SECRET = 20_000  # letters of one field: a key in PEM form has 3,000
LASTS = timedelta(minutes=30)
ROSTER = "roster"  # handed in as a file, so there is nobody to ask and nothing to keep secret


@dataclass(frozen=True, slots=True)
class Held:
    """What was checked and waits to be kept."""

    config: Mapping[str, str]
    secret: Mapping[str, str]
    key: str
    principal: str | None


@router.get("/systems/add")
def choose(request: Request, means: With, visit: Entered) -> Response:
    """Which kind of system?"""
    guides = {kind: checks.guide(kind) for kind in checks.kinds()}
    return rendering.page(request, "systems/choose.html", visit, guides=guides)


@router.get("/systems/add/{kind}")
def guided(request: Request, kind: str, means: With, visit: Entered) -> Response:
    """Which rights and why, and where to paste the credential."""
    return _form(request, visit, kind, _guide(kind), {})


@router.post("/systems/add/{kind}")
def add(request: Request, kind: str, means: With, visit: Entered, form: Sent) -> Response:
    """Check what was pasted and show what can be read with it; then, with the sealed note of that check, keep it."""
    guide = _guide(kind)
    typed = _typed(form, guide)
    name = typed["name"]
    try:
        with means.database.reading() as session:
            insist(inventory.why_not_name(name, seen.find_system(session, name) is not None))
        if guide is not None and not form.get("sealed"):
            config = _config(form, guide)
            told = checks.check(kind, config, _secret(form, guide), name=name)
            sealed = _seal(means, visit, kind, Held(config, told.secret, told.system_key, told.principal))
            return _form(request, visit, kind, guide, typed, checked=told, sealed=sealed)
        held = _opened(means, visit, kind, forms.text(form, "sealed", most=60_000)) if guide is not None else None
        number = _keep(means, visit, kind, name, typed["owner"], held)
    except Refused as no:
        return _form(request, visit, kind, guide, typed, refusal=no.refusal)
    said = f"{name} is connected, read-only. Its first reading has been asked for."
    return rendering.go(
        request, f"/systems/{number}", said=said if guide else f"{name} is there. Hand in its file now."
    )


@router.post("/systems/{system_id}/credential")
def replace(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Another credential for the reader or the executor: checked first, and of the same org."""
    role = EXECUTOR if form.get("role") == EXECUTOR else READER
    with means.database.reading() as session:
        row = seen.system(session, system_id)
    guide = checks.guide(row.kind)
    try:
        told = checks.check(row.kind, row.config, _secret(form, guide), role=role, pinned=row.key, name=row.name)
        reader, executor = (told.secret, None) if role == READER else (None, told.secret)
        with means.database.transaction() as session:
            at, mine = means.clock(), seen.system(session, system_id)
            systems.change_credentials(
                session, mine, reader=reader, executor=executor, keys=means.keys, by=visit.actor, at=at
            )
            key, principal = told.system_key, told.principal
            systems.pin(session, mine, key=key, principal=principal, role=role, by=visit.actor, at=at)
    except Refused as no:
        return pages.page(request, means, visit, system_id, refusal=no.refusal)
    said = f"The {role}'s credential came in as {told.principal or 'somebody the system does not name'} and is kept."
    return rendering.go(request, f"/systems/{system_id}", said=said)


def _keep(means: Means, visit: Visit, kind: str, name: str, owner: str, held: Held | None) -> int:
    with means.database.transaction() as session:
        at = means.clock()
        row = systems.add(
            session, name=name, kind=kind, config=held.config if held else {}, reader=held.secret if held else {},
            owner_key=owner or None, keys=means.keys, by=visit.actor, at=at,
        )  # fmt: skip
        if held is not None:
            systems.pin(session, row, key=held.key, principal=held.principal, by=visit.actor, at=at)
            pages.ask(session, row.id, visit, at)
        return row.id


def _form(
    request: Request, visit: Visit, kind: str, guide: Guide | None, typed: Mapping[str, str], *,
    checked: Checked | None = None, sealed: str = "", refusal: Refusal | None = None,
) -> Response:  # fmt: skip
    """The guided page. What was secret is never given back."""
    return rendering.page(
        request, "systems/add.html", visit, status=refusal.status if refusal else 200, kind=kind, guide=guide,
        typed=typed, checked=checked, sealed=sealed, refusal=refusal,
    )  # fmt: skip


def _guide(kind: str) -> Guide | None:
    return None if kind == ROSTER else checks.guide(kind)


def _typed(form: FormData, guide: Guide | None) -> dict[str, str]:
    """What may be shown again: the name, the owner, the way, and the configuration."""
    names = ["name", "owner", "way", *(f"config-{field.name}" for field in (guide.config if guide else ()))]
    return {name: forms.text(form, name) for name in names}


def _config(form: FormData, guide: Guide) -> dict[str, str]:
    """The guide's settings and no others: a connector may know some that name a file of this machine."""
    told = {field.name: forms.text(form, f"config-{field.name}") for field in guide.config}
    return {name: value for name, value in told.items() if value}


def _secret(form: FormData, guide: Guide) -> dict[str, str]:
    """The chosen way's fields. Refuses (422) one that is missing or longer than any key."""
    chosen = min(forms.number(forms.text(form, "way")) or 0, len(guide.ways) - 1)
    told: dict[str, str] = {}
    for field in guide.ways[chosen].fields:
        text = forms.text(form, f"secret-{chosen}-{field.name}", most=MOST_SECRET)
        if field.needed and not text:
            way_out = f"It is needed for: {guide.ways[chosen].name}."
            raise Refused(Refusal("missing", f"{field.label} is missing.", way_out, 422))
        if text:
            told[field.name] = text
    return told


# --- between the check and the keeping ---


def _place(visit: Visit, kind: str) -> str:
    return f"console:connecting:{visit.session}:{kind}"


def _seal(means: Means, visit: Visit, kind: str, held: Held) -> str:
    told = {
        "config": dict(held.config), "secret": dict(held.secret), "key": held.key, "principal": held.principal,
        "at": means.clock().isoformat(),
    }  # fmt: skip
    sealed = means.keys.seal(json.dumps(told).encode(), where=_place(visit, kind))
    return base64.urlsafe_b64encode(sealed).decode()


def _opened(means: Means, visit: Visit, kind: str, sealed: str) -> Held:
    """What was checked. Refuses (409) a note of another visit, an edited one and an old one."""
    no = Refusal("check_again", "The check was too long ago, or not made here.", "Paste the credential again.", 409)
    try:
        told = json.loads(means.keys.open(base64.urlsafe_b64decode(sealed), where=_place(visit, kind)))
    except (SecretsError, ValueError, binascii.Error) as error:
        raise Refused(no) from error
    if means.clock() - datetime.fromisoformat(told["at"]) > LASTS:
        raise Refused(no)
    return Held(told["config"], told["secret"], told["key"], told["principal"])
