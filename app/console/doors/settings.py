"""Settings: one's own sign-ins and tokens; people and their roles; the keys that secrets are sealed with.

A link or a token is shown once, on the page that answers the act that made it, and cannot be shown again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import actors, links, policy, queries, roles, sessions, tokens
from app.actors import hooks as hook_paths
from app.actors.actor import Role
from app.actors.policy import May
from app.actors.tables import ActorRoleRow, ActorRow, HookRow, SessionRow, TokenRow
from app.console import cursors, forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.ledger import queries as ledger
from app.means import Means

router = APIRouter(include_in_schema=False)
After = Annotated[str, Query(max_length=200)]
MOST = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a list, with the ways on and back."""

    rows: Sequence[Any]
    next: str | None
    first: str | None


@router.get("/settings")
def own(request: Request, means: With, visit: Entered, tokens: After = "") -> Response:
    """Where one is signed in, one's tokens, and the way to what else one may turn here."""
    at = means.clock()
    with means.database.reading() as session:
        mine = queries.sessions_of(session, visit.actor.id, at=at)
        kept = _part("/settings", "tokens", queries.tokens_of(session, visit.actor.id), tokens)
    rooms = {
        "people": May.RUN_ACTORS,
        "notices": May.SEE_NOTICES,
        "systems": May.SEE_SYSTEMS,
        "keys": May.SEE_LEDGER,
    }
    may = {name: policy.why_not(visit.actor, act) is None for name, act in rooms.items()}
    return rendering.page(request, "settings/own.html", visit, sessions=mine, tokens=kept, may=may)


@router.post("/settings/sessions/{session_id}/end")
def end_session(request: Request, session_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """Sign one of one's own browsers out."""
    with means.database.transaction() as session:
        row = session.get(SessionRow, session_id)
        if row is None or row.actor_id != visit.actor.id:
            raise Refused(nothing("sign-in of yours"))
        sessions.end(session, row, by=visit.actor, at=means.clock())
    return rendering.go(request, "/settings", said="That browser is signed out.")


@router.post("/settings/tokens/{token_id}/end")
def end_token(request: Request, token_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """End one of one's own tokens."""
    with means.database.transaction() as session:
        row = session.get(TokenRow, token_id)
        if row is None or row.actor_id != visit.actor.id:
            raise Refused(nothing("token of yours"))
        tokens.revoke(session, row, by=visit.actor, at=means.clock())
    return rendering.go(request, "/settings", said=f"The token {row.label} has ended.")


@router.get("/settings/keys")
def keys(request: Request, means: With, visit: Entered) -> Response:
    """The keys that secrets are sealed and checkpoints signed with, and how they are exchanged."""
    with means.database.reading() as session:
        signing = list(reversed(ledger.keys(session)))
    return rendering.page(request, "settings/keys.html", visit, current=means.keys.current_id, signing=signing)


# --- people and their roles ---


@router.get("/settings/people")
def people(request: Request, means: With, visit: Entered, after: After = "") -> Response:
    """Everybody who may come in, with their roles."""
    told = _everyone(means, after)
    return rendering.page(request, "settings/people.html", visit, told=told, roles=list(Role), refusal=None, typed={})


@router.post("/settings/people")
def make(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Make somebody an actor with roles, and give the link by which they come in, this once."""
    typed = {name: forms.text(form, name) for name in ("name", "email", "person", "days")}
    try:
        with means.database.transaction() as session:
            at = means.clock()
            held = {role: _until(typed["days"], at) for role in _roles(form)}
            if not typed["name"] or not held:
                raise Refused(Refusal("missing", "A name and at least one role are needed.", "Fill them in.", 422))
            row = actors.make(
                session, typed["name"], held, email=typed["email"] or None, person_key=typed["person"] or None,
                by=visit.actor, at=at,
            )  # fmt: skip
            path = links.invite(session, row, by=visit.actor, at=at)
    except Refused as no:
        return rendering.page(
            request, "settings/people.html", visit, status=no.refusal.status, told=_everyone(means), roles=list(Role),
            refusal=no.refusal, typed=typed,
        )  # fmt: skip
    return shown(request, means, visit, row, link=path)


@router.get("/settings/people/{actor_id}")
def one(
    request: Request, actor_id: str, means: With, visit: Entered, tokens: After = "", hooks: After = ""
) -> Response:
    """One of them: roles, tokens, where they are signed in."""
    with means.database.reading() as session:
        row = found(session, actor_id)
    return shown(request, means, visit, row, tokens=tokens, hooks=hooks)


@router.post("/settings/people/{actor_id}/roles")
def give(request: Request, actor_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """Give a role or take it. A change signs them out."""
    role = _role(forms.text(form, "role"))
    with means.database.transaction() as session:
        at, row = means.clock(), found(session, actor_id)
        if form.get("take"):
            roles.take(session, row, role, by=visit.actor, at=at)
        else:
            roles.give(session, row, role, until=_until(forms.text(form, "days"), at), by=visit.actor, at=at)
    done = "does not hold" if form.get("take") else "holds"
    return rendering.go(request, f"/settings/people/{actor_id}", said=f"{row.name} {done} the role {role} now.")


@router.post("/settings/people/{actor_id}/invitation")
def invite(request: Request, actor_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """A new link to come in by; the ones before end."""
    with means.database.transaction() as session:
        row = found(session, actor_id)
        path = links.invite(session, row, by=visit.actor, at=means.clock())
    return shown(request, means, visit, row, link=path)


@router.post("/settings/people/{actor_id}/tokens")
def make_token(request: Request, actor_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """A token for a program, shown this once."""
    label, days = forms.text(form, "label"), forms.number(forms.text(form, "days")) or 0
    if not label:
        raise Refused(Refusal("missing", "What is the token for?", "Give it a label.", 422))
    with means.database.transaction() as session:
        row = found(session, actor_id)
        made = tokens.make(session, row, label, days=days, by=visit.actor, at=means.clock())
    return shown(request, means, visit, row, token=made)


@router.post("/settings/people/{actor_id}/tokens/{token_id}/end")
def end_their_token(
    request: Request, actor_id: str, token_id: str, means: With, visit: Entered, form: Sent
) -> Response:
    """End one of their tokens."""
    with means.database.transaction() as session:
        row = session.get(TokenRow, token_id)
        if row is None or row.actor_id != actor_id:
            raise Refused(nothing("such token"))
        tokens.revoke(session, row, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/settings/people/{actor_id}", said=f"The token {row.label} has ended.")


@router.post("/settings/people/{actor_id}/sign-outs")
def sign_out(request: Request, actor_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """Sign them out everywhere."""
    with means.database.transaction() as session:
        row = found(session, actor_id)
        but = visit.session if row.id == visit.actor.id else None
        count = sessions.end_all(session, row.id, but=but, by=visit.actor, at=means.clock())
    said = f"{row.name} is signed out of {count} browsers."
    return rendering.go(request, f"/settings/people/{actor_id}", said=said)


@router.post("/settings/people/{actor_id}/end")
def end(request: Request, actor_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """Let them in no more."""
    with means.database.transaction() as session:
        row = found(session, actor_id)
        actors.end(session, row, by=visit.actor, at=means.clock())
    said = f"{row.name} gets in no more; sign-ins and tokens have stopped. What they did stays."
    return rendering.go(request, "/settings/people", said=said)


def shown(
    request: Request, means: Means, visit: Visit, row: ActorRow, *, link: str | None = None, token: str | None = None,
    hook: HookRow | None = None, signing: str | None = None, tokens: str = "", hooks: str = "",
) -> Response:  # fmt: skip
    """Somebody's page, with what was just made for them: it is shown this once, and kept by no browser."""
    at, here = means.clock(), f"/settings/people/{row.id}"
    with means.database.reading() as session:
        held = session.scalars(select(ActorRoleRow).where(ActorRoleRow.actor_id == row.id).order_by(ActorRoleRow.role))
        facts: dict[str, Any] = {
            "held": [each for each in held if each.until is None or each.until > at],
            "tokens": _part(here, "tokens", queries.tokens_of(session, row.id), tokens),
            "hooks": _part(here, "hooks", queries.hooks_of(session, row.id), hooks),
            "decides": policy.why_not_hook(row.ended, queries.roles_of(session, row.id, at=at)) is None,
            "sessions": len(queries.sessions_of(session, row.id, at=at)),
        }
    base = means.settings.base_url.rstrip("/")
    address, posts_to = f"{base}{link}" if link else None, f"{base}{hook_paths.path(hook.id)}" if hook else None
    headers = {"Cache-Control": "no-store"} if link or token or signing else None
    return rendering.page(
        request, "settings/person.html", visit, headers=headers, actor=row, roles=list(Role), address=address,
        token=token, signing=signing, posts_to=posts_to, **facts,
    )  # fmt: skip


def found(session: Session, actor_id: str) -> ActorRow:
    """The actor, or 404."""
    row = session.get(ActorRow, actor_id)
    if row is None:
        raise Refused(nothing("such actor"))
    return row


def nothing(what: str) -> Refusal:
    """There is none of it here (404)."""
    return Refusal("not_found", f"There is no {what} here.", "Go back to the list.", status=404)


def _everyone(means: Means, after: str = "") -> Part:
    with means.database.reading() as session:
        told = queries.everyone(session, at=means.clock())
    some, more, later = cursors.part(told, lambda each: each[0].id, after, MOST, shape=cursors.text)
    path = "/settings/people"
    return Part(some, rendering.link(path, after=more) if more else None, path if later else None)


def _part(path: str, name: str, rows: Sequence[Any], given: str) -> Part:
    """A page of what one actor has; `name`: what says in the address where it goes on."""
    some, more, later = cursors.part(rows, lambda row: row.id, given, MOST, shape=cursors.text)
    return Part(some, rendering.link(path, **{name: more}) if more else None, path if later else None)


def _roles(form: Any) -> list[Role]:
    return [_role(str(each)) for each in form.getlist("role")]


def _role(named: str) -> Role:
    if named not in list(Role):
        raise Refused(Refusal("no_such_role", f"There is no role {named!r}.", f"There are: {', '.join(Role)}.", 422))
    return Role(named)


def _until(days: str, at: datetime) -> datetime | None:
    count = forms.number(days)
    return at + timedelta(days=min(count, 3_660)) if count else None
