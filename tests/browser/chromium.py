"""Starts the machine's own Chromium, and opens windows in it that are signed in.

Nothing is downloaded: the program is `chromium` in the PATH, or what CHROMIUM names. A missing browser is a failure,
not a skip. A window notes what a page must never do: ask another site for anything, run into its own content policy, or
let a script fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def program() -> str:
    """Where Chromium is. Raises RuntimeError with the way out when it is not there."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise RuntimeError("no chromium in the PATH; install it (apt-get install chromium), or name it in CHROMIUM")
    return found


@contextmanager
def running() -> Iterator[Browser]:
    """A browser without a window, until the block ends."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program(), args=list(SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Window:
    """One person's window. `wrongs` is what its pages did that no page of ours may do."""

    context: BrowserContext
    page: Page
    url: str
    wrongs: list[str] = field(default_factory=list)
    bytes_of: dict[str, int] = field(default_factory=dict)

    def open(self, path: str) -> Response:
        """Go to a path of ours and wait until it is there, scripts and all."""
        answer = self.page.goto(self.url + path, wait_until="load")
        assert answer is not None, path
        return answer

    def text(self) -> str:
        """What the page says, as somebody reads it."""
        return self.page.inner_text("body")

    def close(self) -> None:
        """Close it; whatever was wrong until now fails the test."""
        self.context.close()
        assert not self.wrongs, self.wrongs


def window(
    browser: Browser,
    url: str,
    *,
    cookies: dict[str, str] | None = None,
    width: int = 1280,
    height: int = 900,
    scheme: Any = "light",
    script: bool = True,
    elsewhere: tuple[str, ...] = (),
) -> Window:
    """A new window. `elsewhere`: other sites that it may lawfully see, such as where people sign in."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        java_script_enabled=script,
        locale="en-GB",
        reduced_motion="reduce",  # a colour half on its way to another is none to judge
    )
    host = urlsplit(url).hostname or ""
    for name, value in (cookies or {}).items():
        context.add_cookies([{"name": name, "value": value, "domain": host, "path": "/", "httpOnly": True}])
    made = Window(context, context.new_page(), url)
    ours = (url, "about:", "blob:")

    def asked(request: Request) -> None:
        if request.is_navigation_request() and request.url.startswith((*ours, *elsewhere)):
            return
        if request.frame.url.startswith(ours) and not request.url.startswith(ours):
            made.wrongs.append(f"{request.frame.url} asked for {request.url}")

    def answered(answer: Response) -> None:
        if answer.status >= 500:
            made.wrongs.append(f"{answer.url} answered {answer.status}")

    def told(message: ConsoleMessage) -> None:
        at = message.location.get("url", "")
        if message.type == "error" and not message.text.startswith("Failed to load resource") and at.startswith(url):
            made.wrongs.append(f"{at}: {message.text}")

    context.on("request", asked)
    context.on("response", answered)
    context.on("console", told)
    context.on("weberror", lambda error: made.wrongs.append(f"a script failed: {error.error}"))
    context.on("dialog", lambda dialog: made.wrongs.append(f"a dialog: {dialog.message}"))
    return made
