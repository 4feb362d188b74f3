"""A review's scope as a form writes it, for opening one now and for those that open by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.console import forms
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review.scope import ALL, ItemKind

KINDS = [str(kind) for kind in ItemKind]


def systems(means: Means) -> list[str]:
    """The names of what can be reviewed."""
    with means.database.reading() as session:
        return [row.name for row in inventory.systems(session) if row.kind != "roster"]


def given(form: Any) -> dict[str, Any]:
    """What was written, as it is shown again."""
    names = ("fallback", "second", "department", "where", "exclude", "exclude_because", "approver", "many_answers")
    words = {name: forms.text(form, name).strip() for name in names}
    return {"systems": form.getlist("systems"), "kinds": form.getlist("kinds"), **words}


def query(said: Mapping[str, Any]) -> str:
    """A review's name and scope as part of an address, for a page that shows them to somebody else; `given` reads it."""
    words = ("name", "fallback", "second", "department", "where", "exclude", "exclude_because", "approver")
    parts: list[tuple[str, str]] = [(name, str(said.get(name) or "")) for name in words]
    parts += [(name, each) for name in ("systems", "kinds") for each in said[name]]
    return urlencode([(name, value) for name, value in parts if value])


def shown(scope: Mapping[str, Any]) -> dict[str, Any]:
    """A scope that is kept, as its form shows it."""
    named = scope["systems"]
    return {
        "systems": [ALL] if named == ALL else list(named),
        "kinds": list(scope["kinds"]),
        "fallback": scope["fallback"],
        "second": scope.get("second_fallback") or "",
        "department": scope.get("department") or "",
        "where": scope.get("where") or "",
        "exclude": " or ".join(f"({each['where']})" for each in scope.get("exclude") or []),
        "exclude_because": "; ".join(each["reason"] for each in scope.get("exclude") or []),
        "approver": scope.get("approver") or "",
        "many_answers": scope.get("many_answers") or "",
    }


def written(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """The scope that a form means. Refuses (422) a person whom the roster does not know."""
    return {
        "systems": ALL if ALL in said["systems"] else list(said["systems"]),
        "kinds": list(said["kinds"]),
        "fallback": _key(session, said["fallback"]),
        "second_fallback": _key(session, said["second"]) if said["second"] else None,
        "department": said["department"] or None,
        "where": said["where"] or None,
        "exclude": [{"where": said["exclude"], "reason": said["exclude_because"]}] if said["exclude"] else [],
        "approver": _key(session, said["approver"]) if said["approver"] else None,
        "many_answers": said["many_answers"] or None,
    }


def _key(session: Session, written: str) -> str:
    """The roster id of somebody named by it or by their e-mail address."""
    person = inventory.find_identity(session, written) if written else None
    if person is None or person.key is None:
        told = f"Nobody in the roster is called {written!r}." if written else "Say who decides in the last resort."
        raise Refused(Refusal("not_found", told, "Write a roster id or an e-mail address.", status=422))
    return person.key
