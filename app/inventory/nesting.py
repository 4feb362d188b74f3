"""Which privileges does holding an entitlement bring, through which chain of nested ones?

Breadth first, so that each (entitlement, carrier) is told by a shortest chain and a circle of groups ends. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence


def reach(
    privileges: Mapping[int, Sequence[str]], edges: Mapping[int, Sequence[int]]
) -> Iterator[tuple[int, str, str]]:
    """(entitlement held, privilege, path) for every privilege that holding it brings.

    `privileges`: what each entitlement carries itself; `edges`: what whoever holds it holds as well. The path names
    entitlement ids from the held one to the carrier: "12>40>7".
    """
    for held in sorted({*privileges, *edges}):
        for carrier, path in chains(held, edges):
            for privilege in privileges.get(carrier, ()):
                yield held, privilege, path


def chains(start: int, edges: Mapping[int, Sequence[int]]) -> Iterator[tuple[int, str]]:
    """(entitlement, path) for all that whoever holds `start` holds, `start` itself first; each by a shortest chain."""
    seen = {start}
    waiting = deque([(start, str(start))])
    while waiting:
        here, path = waiting.popleft()
        yield here, path
        for further in sorted(edges.get(here, ())):
            if further not in seen:
                seen.add(further)
                waiting.append((further, f"{path}>{further}"))
