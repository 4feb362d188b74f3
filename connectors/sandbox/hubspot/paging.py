"""Pages as HubSpot makes them: an opaque cursor, and no `paging` at all at the end."""

import base64
import binascii
from typing import Any

from connectors.sandbox.hubspot.errors import invalid
from connectors.sandbox.hubspot.world import Call


def limit(call: Call, default: int, most: int, strict: bool = True) -> int:
    """The page size asked for. Beyond the most: refused where HubSpot documents the bound, otherwise cut."""
    text = call.ask.one("limit", str(default))
    if not text.isdigit() or int(text) < 1 or (strict and int(text) > most):
        raise invalid(f"limit must be between 1 and {most}")
    return min(int(text), most, int(call.world.knobs["largest_page"]))


def after(call: Call, what: str) -> int | None:
    """Where to go on. Refuses a cursor that was not made for this list."""
    text = call.ask.one("after")
    if not text:
        return None
    try:
        kind, _, at = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        kind, at = "", ""
    if kind != what or not at.lstrip("-").isdigit():
        raise invalid("the paging cursor is not valid")
    return int(at)


def page(call: Call, what: str, rows: list[Any], size: int, last: int | None) -> dict[str, Any]:
    """A page of results; `last` is where the next one starts, `None` at the end."""
    said: dict[str, Any] = {"results": rows[:size]}
    if last is not None:
        cursor = base64.urlsafe_b64encode(f"{what}:{last}".encode()).decode()
        said["paging"] = {"next": {"after": cursor, "link": f"{call.ask.path}?after={cursor}"}}
    return said
