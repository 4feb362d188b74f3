"""Salesforce's older wire, where REST has no door: what a SOAP question looks like, and what its answer says.

Two things need it: the legacy sign-in with a password, and settings that only the Metadata API tells. Values are escaped
on the way out; on the way in, a document type is refused, so that no entity can be declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from connectors.errors import Unreachable

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "Accept": "text/xml"}


class Fault(Exception):
    """A refusal in SOAP: Salesforce's code without its prefix, and its sentence."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(f"{code}: {said}")
        self.code, self.said = code, said


def element(name: str, *said: str | tuple[str, str]) -> str:
    """One element as text; what is given as (name, value) becomes an escaped child, plain text is taken as it is."""
    inside = "".join(each if isinstance(each, str) else f"<{each[0]}>{escape(each[1])}</{each[0]}>" for each in said)
    return f"<{name}>{inside}</{name}>"


def question(namespace: str, body: str, session: str | None = None) -> bytes:
    """A whole envelope, in the namespace of one of the services, with a session's value where one is needed."""
    header = element("SessionHeader", ("sessionId", session)) if session else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="{ENVELOPE}" xmlns="{namespace}">'
        f"<e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
    ).encode()


def answer(raw: bytes, what: str) -> Mapping[str, Any]:
    """The first element of the answer's body, as plain values. Raises Fault, or Unreachable for what is no answer."""
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise Unreachable(f"{what}: the answer declares a document type, so it was not read")
    try:
        root = ElementTree.fromstring(raw)  # noqa: S314 (no entity can be declared without a document type)
    except ElementTree.ParseError:
        raise Unreachable(f"{what}: the answer is not readable") from None
    body = root.find(f"{{{ENVELOPE}}}Body")
    first = next(iter(body), None) if body is not None else None
    if first is None:
        raise Unreachable(f"{what}: the answer has no body")
    said = plain(first)
    if _name(first) == "Fault":
        words = said if isinstance(said, Mapping) else {}
        code = str(words.get("faultcode") or "").rpartition(":")[2]
        raise Fault(code, str(words.get("faultstring") or "no reason given"))
    return said if isinstance(said, Mapping) else {}


def plain(node: ElementTree.Element) -> Any:
    """An element as a mapping of its children (a list where one name comes several times), as text, or None for nil."""
    if node.get(NIL) == "true":
        return None
    if not len(node):
        return (node.text or "").strip()
    found: dict[str, Any] = {}
    for child in node:
        name, said = _name(child), plain(child)
        if name not in found:
            found[name] = said
        elif isinstance(found[name], list):
            found[name].append(said)
        else:
            found[name] = [found[name], said]
    return found


def listed(said: Any) -> list[Any]:
    """A value that may come once, several times or not at all, as a list."""
    return said if isinstance(said, list) else [] if said in (None, "") else [said]


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]
