"""Every page there is, in light and dark, wide and narrow: what anybody must be able to use.

The pages come from the table of rights, so a new page is examined without anybody's remembering it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.actors.actor import Role
from app.actors.policy import MAY
from app.console.rights import RIGHTS
from tests.browser import looking
from tests.browser.chromium import Window
from tests.browser.conftest import Served

# What is opened but is no page: a file to take home, a step on the way to somewhere else.
NO_PAGES = {
    "/checklist/{line}/documents/{digest}",
    "/removals/{remediation_id}/evidence/{digest}",
    "/activity/checkpoint",
    "/activity/{entry_id}/proof",
    "/sign-in/provider",
    "/sign-in/callback",
}
PAGES = sorted(path for method, path in RIGHTS if method == "GET" and path not in NO_PAGES)
ORDER = (Role.ADMIN, Role.IT_SECURITY, Role.AUDITOR)


def _who(path: str) -> str | None:
    act = RIGHTS[("GET", path)]
    if act is None:
        return None
    return "ada" if path.startswith("/reviews") else next(role for role in ORDER if act in MAY[role])


def _address(served: Served, path: str) -> str:
    return served.house.address(path.replace("{link}", "0123456789ab.AAAA").replace("{kind}", "hubspot"))


@pytest.fixture(scope="module")
def window_of(furnished: Served) -> Iterator[Callable[[str | None], Window]]:
    """A window of somebody, which opens one page after the other: a new one costs more than most pages do."""
    opened: dict[str | None, Window] = {}

    def window(who: str | None) -> Window:
        if who not in opened:
            opened[who] = furnished.window(who)
        return opened[who]

    yield window
    for each in opened.values():
        each.close()


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_it_in_light_and_dark_wide_and_narrow(
    furnished: Served, window_of: Callable[[str | None], Window], path: str
) -> None:
    window = window_of(_who(path))
    with looking.first_visit(window) as weight:
        window.open(_address(furnished, path))
        wrong: list[str] = []
        for width in (1280, 640, 390):  # 640 is what 200 % zoom leaves of 1280
            window.page.set_viewport_size({"width": width, "height": 900})
            if (why := looking.sideways(window.page)) is not None:
                wrong.append(f"{width}: scrolls sideways, {why}")
            if width == 640:
                continue
            wrong += [f"{width} light: {each}" for each in looking.violations(window.page)]
            window.page.emulate_media(color_scheme="dark")  # which changes colours and nothing else
            wrong += [f"{width} dark: {each}" for each in looking.violations(window.page, "color-contrast")]
            window.page.emulate_media(color_scheme="light")
            if width == 390:
                wrong += [f"a thumb misses {each}" for each in looking.small_targets(window.page)]
    assert sum(size > 0 for size in weight) >= 4  # the page, two styles, two scripts
    if sum(weight) >= looking.LARGEST:
        wrong.append(f"a first visit loads {sum(weight):,} bytes")
    wrong += window.wrongs
    window.wrongs.clear()
    assert not wrong, "\n".join(wrong)
