"""Reviewers of the awkward company: many people with few answers, and hundreds of exceptions, by keys alone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Request, expect

from tests.browser import looking
from tests.browser.conftest import Awkward

REASON = "needed for the job"
# What the keys stand on, and whether it still asks for an answer, and for a reason with it.
STANDING = """() => {
  const row = document.querySelector("[data-row].at");
  const button = row?.querySelector("button[data-key=a]");
  return [row?.id ?? null, !!button && !button.closest("details:not([open])"), !!button?.hasAttribute("data-needs-why")];
}"""
# Whether the row is answered and the keys have gone on from it by themselves (from the last they cannot), within 5 s.
GONE_ON = """([id, last]) => new Promise(say => {
  const end = Date.now() + 5000;
  const look = () => {
    const row = document.getElementById(id), at = document.querySelector("[data-row].at");
    if (row?.classList.contains("done") && (last || (at && at !== row))) say(true);
    else if (Date.now() > end) say(false);
    else requestAnimationFrame(look);
  };
  look();
})"""


def _answer_this_page(page: Page) -> None:
    """From the first row to the last: a to keep, with a reason where one is asked for, else j to go on."""
    rows = page.evaluate("[...document.querySelectorAll('[data-row]')].filter(row => !row.closest('details')).length")
    page.keyboard.press("j")
    for number in range(rows):
        row, asks, needs_why = page.evaluate(STANDING)
        if not asks:
            page.keyboard.press("j")
            continue
        page.keyboard.press("a")
        if needs_why:
            page.keyboard.type(REASON)
            page.keyboard.press("Enter")
        assert page.evaluate(GONE_ON, [row, number == rows - 1]), f"{row} has no answer"


def _next_page(page: Page) -> bool:
    """Press n, if there is a next page."""
    if not page.locator("a[rel=next]").count():
        return False
    with page.expect_navigation():
        page.keyboard.press("n")
    return True


def test_25_people_with_300_grants_take_at_most_40_answers_by_keys_alone(awkward: Awkward) -> None:
    window = awkward.window("ada")
    page, answers = window.page, []

    def sent(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/answers"):
            answers.append(request)

    page.on("request", sent)
    window.open("/")
    page.get_by_role("button", name="Begin").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/*")
    people: set[str] = set()
    while True:
        people |= set(page.locator("section.person > h2").evaluate_all("all => all.map(each => each.id)"))
        _answer_this_page(page)
        if not _next_page(page):
            break
    page.keyboard.press("s")
    page.wait_for_url("**/submission")
    expect(page.get_by_text("without an answer")).to_have_count(0)
    page.get_by_role("button", name="Submit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Submitted")).first).to_be_visible()
    window.close()
    assert len(people) == 25
    assert 25 <= len(answers) <= 40, len(answers)


def test_400_exceptions_come_in_pages_that_load_little_and_are_answered_by_keys(awkward: Awkward) -> None:
    window = awkward.window("max")
    page, wire = window.page, looking.weighing(window)
    window.open(f"/reviews/{awkward.town.campaign.id}")
    exceptions, heaviest = 0, 0
    while True:
        page.wait_for_load_state("networkidle")
        heaviest = max(heaviest, sum(wire))
        wire.clear()
        exceptions += page.locator("li.item:not(.small)").count()
        if exceptions <= 60:
            page.keyboard.press("j")
            page.keyboard.press("r")
            page.keyboard.type("moved to another team")
            page.keyboard.press("Enter")
            expect(page.get_by_text("To be removed", exact=True)).to_have_count(1)
            expect(page.locator("[data-row].at")).not_to_have_class(re.compile("done"))  # the keys have gone on
        if not _next_page(page):
            break
    page.locator("input[type=search]").fill("field 007")
    page.keyboard.press("Enter")
    page.wait_for_url("**name=field+007*")
    found = page.locator("section.person").count()
    window.close()
    assert exceptions >= 400
    assert heaviest < looking.LARGEST, heaviest
    assert found == 1


def test_nothing_that_the_keys_reach_is_hidden_at_200_percent(awkward: Awkward) -> None:
    """Half of 1280 by 900 is what twice the size leaves; what is stuck to an edge must not lie over what is focused."""
    window = awkward.window("max", width=640, height=450)
    window.open(f"/reviews/{awkward.town.campaign.id}?page=2")
    hidden = []
    for _ in range(40):
        window.page.keyboard.press("Tab")
        hidden += window.page.evaluate(
            """() => {
              const at = document.activeElement, box = at.getBoundingClientRect();
              if (at === document.body || box.height > innerHeight) return [];
              const seen = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, 30) / 2);
              return seen && (at.contains(seen) || seen.contains(at)) ? [] : [at.outerHTML.slice(0, 120)];
            }"""
        )
    window.close()
    assert not hidden, hidden
