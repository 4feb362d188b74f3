"""Pictures of every page, to be looked at: `make screenshots` puts them into .rolecall/screenshots. Nothing is asserted
but that each page is there to be drawn; the eye does the rest. Those that the documents show are taken of the demo."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium, test_quarter
from tests.browser.conftest import Served
from tests.browser.test_every_page import PAGES, _address, _who
from tests.journeys import stagehands

DOCUMENTS = Path(__file__).parents[2] / "docs" / "pictures"
WHERE = os.environ.get("ROLECALL_SCREENSHOTS", "")


@pytest.mark.parametrize("path", PAGES)
def test_a_picture(furnished: Served, path: str) -> None:
    window = furnished.window(_who(path))
    assert window.open(_address(furnished, path)).status < 500  # a page that refuses is one to look at too
    name = path.strip("/").replace("/", "-").replace("{", "").replace("}", "") or "home"
    for width in (1280, 390):
        window.page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            Path(WHERE).mkdir(parents=True, exist_ok=True)
            window.page.screenshot(path=f"{WHERE}/{name}-{width}-{scheme}.png", full_page=True)
    window.close()


def test_the_pictures_in_the_documents(browser: Browser, tmp_path: Path) -> None:
    environ = stagehands.environment(tmp_path / "home", f"sqlite:///{tmp_path}/unused.db")
    del environ["ROLECALL_DATABASE_URL"]  # the demo brings its own
    with stagehands.process(environ, "demo", "--port", str(stagehands.free_port())):
        log = tmp_path / "home"
        found: list[str] = []

        def served() -> bool:
            told = "".join(path.read_text() for path in log.glob("demo-*.log"))
            found[:] = re.findall(r"(http://127\.0\.0\.1:\d+)(/links/\S+)", told)
            return len(found) >= 3 and test_quarter._answers(found[0][0])  # they are printed before it listens

        stagehands.until(served, what="the demo")
        for (url, link), (name, path) in zip(found, (("review", "/reviews/1"), ("home", "/")), strict=False):
            window = chromium.window(browser, url, width=1180, height=700)
            window.open(link)
            window.page.get_by_role("button", name="Sign me in").click()
            window.open(path)
            window.page.screenshot(path=DOCUMENTS / f"{name}.jpg", type="jpeg", quality=64)
            window.close()
    assert all(path.stat().st_size <= 80_000 for path in DOCUMENTS.iterdir())
