"""Settings that no query tells: reading them from the Metadata API, which speaks SOAP only.

It needs Modify Metadata (or Modify All Data); there is no right that only reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.salesforce import soap
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Said

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
RIGHTS = ("ModifyMetadata", "ModifyAllData")
AT_ONCE = 10  # names in one readMetadata
LISTS = {"ipRanges"}  # what may come several times, and should be told alike when it comes once


def read(client: Client, kind: str, names: Sequence[str]) -> Said:
    """The settings of one kind, by name (`*` means all of the kind); a name without an answer is told as lacking."""
    body = soap.element("readMetadata", ("type", kind), *(("fullNames", name) for name in names))
    asked = f"readMetadata {kind} {', '.join(names)}"
    answer = client.soap("m", NAMESPACE, body, asked)
    result = answer.body.get("result")
    rows = soap.listed(result.get("records") if isinstance(result, dict) else result)
    found = [row for row in rows if isinstance(row, dict) and row.get("fullName")]
    lacks = set(names) - {"*"} - {row["fullName"] for row in found}
    return Said(found, asked, answer, tuple(f"{kind} {name}: not told" for name in sorted(lacks)))


def names(client: Client, kind: str) -> Said:
    """What there is of one kind: a row for each, with its `fullName`."""
    body = soap.element("listMetadata", soap.element("queries", ("type", kind)))
    asked = f"listMetadata {kind}"
    answer = client.soap("m", NAMESPACE, body, asked)
    rows = [row for row in soap.listed(answer.body.get("result")) if isinstance(row, dict) and row.get("fullName")]
    return Said(rows, asked, answer)


def flat(said: Any, name: str = "") -> Iterator[tuple[str, str | None]]:
    """Every value of a setting under its dotted name; of what comes several times, one line each, sorted, in one text."""
    if isinstance(said, dict):
        for key, value in said.items():
            if key != "fullName":
                yield from flat(soap.listed(value) if key in LISTS else value, f"{name}.{key}" if name else key)
    elif isinstance(said, list):
        yield name, "; ".join(sorted(_line(each) for each in said)) or None
    else:
        yield name, None if said in (None, "") else str(said)


def _line(said: Any) -> str:
    if not isinstance(said, dict):
        return str(said)
    return ", ".join(f"{key} {value}" for key, value in sorted(flat(said)) if value is not None)
