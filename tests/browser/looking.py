"""What a page is examined for: accessibility (axe), scrolling sideways, its weight on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import CDPSession, Page

from tests.browser.chromium import Window

LARGEST = 150_000  # bytes of everything a first visit loads


def weighing(window: Window) -> list[int]:
    """The bytes on the wire of what is loaded from now on, one number for each answer."""
    return _weighing(window)[1]


@contextmanager
def first_visit(window: Window) -> Iterator[list[int]]:
    """What is opened here is weighed as `weighing` does, and nothing of it was kept from an earlier visit."""
    wire, sizes = _weighing(window)
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    try:
        yield sizes
    finally:
        wire.detach()


def _weighing(window: Window) -> tuple[CDPSession, list[int]]:
    wire = window.context.new_cdp_session(window.page)
    wire.send("Network.enable")
    sizes: list[int] = []
    wire.on("Network.loadingFinished", lambda told: sizes.append(int(told["encodedDataLength"])))
    return wire, sizes


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong by all of its rules, or by these: the rule, how bad, and where, once for each element."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    asked: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        asked["runOnly"] = {"type": "rule", "values": list(rules)}
    found: dict[str, Any] = page.evaluate("asked => axe.run(document, asked)", asked)
    return [
        f"{each['id']} ({each['impact']}) at {node['target']}: {node['html'][:160]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def sideways(page: Page) -> str | None:
    """Why the page scrolls sideways, naming the widest thing in it; None if it does not."""
    said: str | None = page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return null;
          const over = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > wide + 1
            && !e.closest('.wide') && getComputedStyle(e).position !== 'fixed');
          const worst = over.pop();
          return `${document.documentElement.scrollWidth} of ${wide}: ` + (worst ? worst.outerHTML.slice(0, 200) : '?');
        }"""
    )
    return said


def small_targets(page: Page) -> list[str]:
    """Buttons, boxes with their labels, and links that look like buttons, which a thumb would miss.

    WCAG asks for 24 px. We ask for 40, but of a box in a row, which has no label beside it.
    """
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('main button, main [role=button], header.top a, main input[type=checkbox]')]
          .filter(e => e.offsetParent !== null)
          .filter(e => { const box = e.getBoundingClientRect();
                         const around = e.closest('label')?.getBoundingClientRect() ?? box;
                         const least = e.matches("input") && !e.closest("label") ? 24 : 40;
                         return Math.max(box.height, around.height) < least; })
          .map(e => e.outerHTML.slice(0, 160))"""
    )
    return found
