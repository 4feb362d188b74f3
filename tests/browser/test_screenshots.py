"""Pictures of every page, to be looked at: `make screenshots` puts them into .rolecall/screenshots. Nothing is asserted
but that each page is there to be drawn; the eye does the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import Served
from tests.browser.test_every_page import PAGES, _address, _who

WHERE = os.environ.get("ROLECALL_SCREENSHOTS", "")


@pytest.mark.parametrize("path", PAGES)
def test_a_picture(furnished: Served, path: str) -> None:
    window = furnished.window(_who(path))
    assert window.open(_address(furnished, path)).ok
    name = path.strip("/").replace("/", "-").replace("{", "").replace("}", "") or "home"
    for width in (1280, 390):
        window.page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            Path(WHERE).mkdir(parents=True, exist_ok=True)
            window.page.screenshot(path=f"{WHERE}/{name}-{width}-{scheme}.png", full_page=True)
    window.close()
