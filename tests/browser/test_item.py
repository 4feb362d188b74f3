"""One item's own page: answered there, with the reason that it asks for, and what was said is on it afterwards."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Awkward


def _items(page: Page) -> list[tuple[str, bool]]:
    """Where each open item of the share has its page, and whether keeping it needs a reason."""
    found: list[tuple[str, bool]] = page.locator("li[data-row]:not(.done)").evaluate_all(
        """rows => rows.filter(row => row.querySelector("button[name=keep]")).map(row =>
             [row.querySelector("a[data-key=e]").getAttribute("href"),
              row.querySelector("button[name=keep]").hasAttribute("data-needs-why")])"""
    )
    return found


@pytest.mark.parametrize("by_key", [False, True])
def test_an_item_is_answered_on_its_own_page(awkward_alone: Awkward, by_key: bool) -> None:
    window = awkward_alone.window("ada")
    page = window.page
    window.open(f"/reviews/{awkward_alone.town.campaign.id}")
    items = _items(page)
    plain = next((path for path, why in items if not why), None)
    asking = next(path for path, why in items if why)
    for path, needs in ((plain, False), (asking, True)):
        if path is None:
            continue
        window.open(path)
        if by_key:
            page.keyboard.press("j")
            page.keyboard.press("a")
        else:
            page.get_by_role("button", name="Keep", exact=True).click()
        if needs:
            why = page.locator("input[data-why]").first
            expect(why).to_be_focused()  # it asks why first, here
            why.fill("needed for the job")
            page.get_by_role("button", name="Keep", exact=True).click()
        expect(page.locator("p.said")).to_be_visible()
        expect(page.get_by_role("heading", name="Everything that was said about it")).to_be_visible()
        said = page.locator("ol.history > li").first
        expect(said).to_contain_text(f"in {awkward_alone.town.campaign.name}")
        if needs:
            expect(said).to_contain_text("needed for the job")
    window.close()
