"""A review's scope as a form writes it, for opening one now and for those that open by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.console import asking, forms
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review.attention import Attention
from app.review.scope import ALL, ItemKind

_SECOND = ("owner", "above", "manager")  # whom the form offers for a second look
_PEOPLE = ("fallback", "second", "approver", "control_owner", "security_owner", "round_who", "attention_who")
KINDS = [str(kind) for kind in ItemKind]

_COURSE = (
    "silence", "escalate_after", "escalate_to", "rounds_shown", "round_ask", "round_who", "round_where", "round_days",
    "outcome",
)  # fmt: skip
_WHO = (
    "granters", "holders", "security_owner", "reviewers_shown", "reviewers", "attention_shown", "attention_percent",
    "attention_ask", "attention_who", "attention_days",
)  # fmt: skip


def systems(means: Means) -> list[str]:
    """The names of what can be reviewed."""
    with means.database.reading() as session:
        return [row.name for row in inventory.systems(session) if row.kind != "roster"]


def given(form: Any) -> dict[str, Any]:
    """What was written, as it is shown again."""
    names = (
        "fallback",
        "second",
        "department",
        "where",
        "exclude",
        "exclude_because",
        "approver",
        "control_owner",
        "many_answers",
        "definitions",
    )
    words = {name: forms.text(form, name).strip() for name in names}
    words |= {name: forms.text(form, name).strip() for name in (*_COURSE, *_WHO)}
    return {"systems": form.getlist("systems"), "kinds": form.getlist("kinds"), **words}


def pairs(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A review's name and scope as fields of a form or an address, for a page that shows them to somebody else."""
    words = ("name", "schedule", "fallback", "second", "department", "where", "exclude", "exclude_because", "approver",
             "control_owner", "many_answers", "definitions", *_COURSE, *_WHO)  # fmt: skip
    parts: list[tuple[str, str]] = [(name, str(said.get(name) or "")) for name in words]
    parts += [(name, each) for name in ("systems", "kinds") for each in said[name]]
    return [(name, value) for name, value in parts if value]


def query(said: Mapping[str, Any]) -> str:
    """The same as part of an address; `given` reads it."""
    return urlencode(pairs(said))


def called(session: Session) -> Callable[[str], str]:
    """What a form calls somebody of whom a scope has the roster id: by their name, where that says who is meant."""

    def name(key: str) -> str:
        person = inventory.find_identity(session, key)
        if person is None or inventory.find_identity(session, person.name) is not None:
            return key
        return person.name if [row.key for row in inventory.called(session, person.name)] == [key] else key

    return name


def shown(scope: Mapping[str, Any], called: Callable[[str], str] = str) -> dict[str, Any]:
    """A scope that is kept, as its form shows it; people as they are `called`."""
    named = scope["systems"]
    told = (
        {
            "systems": [ALL] if named == ALL else list(named),
            "kinds": list(scope["kinds"]),
            "definitions": scope.get("definitions") or "",
            "fallback": scope["fallback"],
            "second": scope.get("second_fallback") or "",
            "department": scope.get("department") or "",
            "where": scope.get("where") or "",
            "exclude": " or ".join(f"({each['where']})" for each in scope.get("exclude") or []),
            "exclude_because": "; ".join(each["reason"] for each in scope.get("exclude") or []),
            "approver": scope.get("approver") or "",
            "control_owner": scope.get("control_owner") or "",
            "many_answers": scope.get("many_answers") or "",
            "security_owner": scope.get("security_owner") or "",
            "granters": scope.get("granters") or "",
            "holders": scope.get("holders") or "",
        }
        | _course(scope)
        | _asked(scope, called)
        | _attention(scope)
    )
    return told | {field: called(told[field]) for field in _PEOPLE if told.get(field)}


def written(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """The scope that a form means. Refuses (422) a person whom the roster does not know."""
    return (
        {
            "systems": ALL if ALL in said["systems"] else list(said["systems"]),
            "kinds": list(said["kinds"]),
            "fallback": _key(session, said["fallback"]),
            "second_fallback": _key(session, said["second"]) if said["second"] else None,
            "department": said["department"] or None,
            "where": said["where"] or None,
            "exclude": [{"where": said["exclude"], "reason": said["exclude_because"]}] if said["exclude"] else [],
            "approver": _key(session, said["approver"]) if said["approver"] else None,
            "control_owner": _key(session, said["control_owner"]) if said.get("control_owner") else None,
            "many_answers": said["many_answers"] or None,
            "security_owner": _key(session, said["security_owner"]) if said.get("security_owner") else None,
        }
        | {word: said[word] for word in ("granters", "holders", "definitions") if said.get(word)}
        | _silence(said)
        | _rounds(session, said)
        | _reviewers(session, said)
        | _second_look(session, said)
    )


def _key(session: Session, written: str) -> str:
    """The roster id of somebody named by it, by their e-mail address or by their whole name."""
    if not written:
        told = "Say who decides in the last resort."
        raise Refused(Refusal("not_found", told, "Write a name, a roster id or an e-mail address.", status=422))
    return inventory.whom(session, written).key


def _asked(scope: Mapping[str, Any], called: Callable[[str], str]) -> dict[str, Any]:
    """Who a kept scope asks about what, as the form shows it."""
    told = asking.written(scope.get("reviewers") or [], called)
    return {"more_reviewers": "yes"} if told is None else {"reviewers": told}


def _reviewers(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """Who is asked about what; nothing where the form did not show it."""
    if not said.get("reviewers_shown"):
        return {}
    return {"reviewers": asking.read(said.get("reviewers") or "", lambda name: _key(session, name)) or None}


def _attention(scope: Mapping[str, Any]) -> dict[str, Any]:
    """What a kept scope says of a second look, as the form shows it."""
    kept = scope.get("attention")
    if not kept:
        return {}
    ask = kept["ask"][0]
    who = ask.get("person", "") if isinstance(ask, Mapping) else ""
    usual = Attention(1, ())
    own = (kept.get("fast_seconds", usual.fast_seconds), kept.get("bulk", usual.bulk))
    if own != (usual.fast_seconds, usual.bulk) or len(kept["ask"]) > 1 or (who == "" and ask not in _SECOND):
        return {"more_attention": "yes"}
    return {
        "attention_percent": str(kept["percent"]),
        "attention_ask": "person" if who else ask,
        "attention_who": who,
        "attention_days": str(kept.get("due_days", usual.due_days)),
    }


def _second_look(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """How much is looked at again, and by whom; nothing where the form did not show it."""
    if not said.get("attention_shown"):
        return {}
    if not said.get("attention_percent"):
        return {"attention": None}
    asked = said.get("attention_ask") or "owner"
    rule: dict[str, Any] = {"ask": [{"person": _key(session, said["attention_who"])} if asked == "person" else asked]}
    for word, name in (("percent", "attention_percent"), ("due_days", "attention_days")):
        if said.get(name):  # a number that is none is refused where the rule is read
            number = forms.number(said[name])
            rule[word] = number if number is not None else said[name]
    return {"attention": rule}


def _course(scope: Mapping[str, Any]) -> dict[str, Any]:
    """What a kept scope says of silence and of a second round, as the form shows it."""
    rule, then = scope.get("silence") or {}, scope.get("then") or []
    answer = rule.get("answer", "")
    told = {
        "silence": f"owner: {rule['afterwards']}" if answer == "owner" else answer,
        "escalate_after": str(rule.get("escalate_after_days", "")),
        "escalate_to": rule.get("escalate_to", ""),
        "outcome": scope.get("outcome", ""),
        "more_rounds": "",
    }
    if not then:
        return told
    ask = then[0]["ask"][0]
    who = ask.get("person", "") if isinstance(ask, Mapping) else ""
    if len(then) > 1 or len(then[0]["ask"]) > 1 or (who == "" and ask not in ("above", "owner")):
        return told | {"more_rounds": "yes"}
    return told | {
        "round_ask": "person" if who else ask,
        "round_who": who,
        "round_where": then[0].get("where", ""),
        "round_days": str(then[0]["due_days"]),
    }


def _silence(said: Mapping[str, Any]) -> dict[str, Any]:
    """What no answer comes to; a number that is none is refused where the rule is read."""
    if not said.get("silence"):
        return {"silence": None}
    answer, _, afterwards = str(said["silence"]).partition(": ")
    rule: dict[str, Any] = {"answer": answer} | ({"afterwards": afterwards} if afterwards else {})
    if said.get("escalate_after"):
        after = forms.number(said["escalate_after"])
        rule |= {"escalate_after_days": after if after is not None else said["escalate_after"]}
        rule |= {"escalate_to": said.get("escalate_to") or "manager"}
    return {"silence": rule}


def _rounds(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """A second round, or none; nothing where the form did not show it."""
    if not said.get("rounds_shown"):
        return {}
    ask = said.get("round_ask")
    if not ask:
        return {"then": None, "outcome": None}
    days = forms.number(said.get("round_days") or "7")
    turn: dict[str, Any] = {
        "name": "Second",
        "ask": [{"person": _key(session, said["round_who"])} if ask == "person" else ask],
        "due_days": days if days is not None else said["round_days"],
    }
    if said.get("round_where"):
        turn["where"] = said["round_where"]
    return {"then": [turn], "outcome": said.get("outcome") or None}
