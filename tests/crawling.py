"""Following every link of every page of the console: `crawl(visitor)` tells what led nowhere.

Pages that one house never shows are where faults stay: a played quarter has lines, papers and items that no furnished house
has. Of what a route shows many of, so many are opened as `most` says, chosen by chance under a seed.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from html import unescape

from fastapi.testclient import TestClient

from app.console.rights import RIGHTS

LINK = re.compile(r'<a\s[^>]*?href="([^"]*)"')
NAMED = re.compile(r'\sid="([^"]+)"')
ASSETS = "/static/"
# Of two paths that fit, the one with fewer names in it is meant: /findings/new is no finding.
PATHS = {
    path: re.compile(re.sub(r"{\w+}", "[^/]+", path))
    for path in sorted((path for method, path in RIGHTS if method == "GET"), key=lambda path: path.count("{"))
}


@dataclass
class Crawled:
    """What was opened, by route, and what was wrong with it."""

    opened: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def crawl(
    visitor: TestClient, *others: str, most: int = 3, whole: Container[str] = frozenset(), seed: int = 7
) -> Crawled:
    """Start at home and at `others`, and follow links until none is left. Routes in `whole` are opened for every link.

    Wrong is: an answer of 400 or more to a link of our own, and a link to a place within a page that the page lacks.
    """
    chance, told, known = random.Random(seed), Crawled(), {"/", *others}
    waiting = [(each, "nowhere") for each in ("/", *others)]
    while waiting:
        address, shown_on = waiting.pop(chance.randrange(len(waiting)))
        route = _route(address)
        if told.opened[route] >= most and route.split("?")[0] not in whole:
            continue
        told.opened[route] += 1
        answer = visitor.get(address)
        if answer.status_code >= 400:
            told.wrong.append(f"{answer.status_code} at {address}, linked from {shown_on}")
            continue
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        names = set(NAMED.findall(answer.text))
        for link in map(unescape, LINK.findall(answer.text)):
            page, _, name = link.partition("#")
            if name and page in ("", address) and name not in names:
                told.wrong.append(f"{link} on {address} leads to no place on it")
            if page.startswith("/") and not page.startswith(ASSETS) and page not in known:
                known.add(page)
                waiting.append((page, address))
    return told


def _route(address: str) -> str:
    """The path in the table of rights, with the names of what is asked of it."""
    path, _, asked = address.partition("?")
    found = next((each for each, pattern in PATHS.items() if pattern.fullmatch(path)), path)
    return found + "?" + "&".join(sorted({part.split("=")[0] for part in asked.split("&")})) if asked else found
