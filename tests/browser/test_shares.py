"""Reviewers of the awkward company: many people with few answers, and hundreds of exceptions, by keys alone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Request, expect

from app.review.effort import Effort
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


# Seconds, by the keystroke-level model (Card, Moran and Newell 1980, 1983): a key of an average typist, one's mind made up,
# a glance at what is known; a word as adults read in silence (Brysbaert 2019); and what an answer of ours may take.
KEY, MIND, GLANCE, WORD, REPLY = 0.28, 1.35, 0.23, 60 / 238, 0.2


class Hands:
    """Somebody who reads every line of every page, makes up their mind about each answer and each reason, and types."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = self.minds = self.words = self.glances = self.replies = 0
        self._known: set[str] = set()

    def read(self) -> None:
        """Read what the page shows, to the last word; a line that was read before is recognised."""
        for line in self.page.evaluate("document.querySelector('main').innerText.split('\\n')"):
            if line in self._known:
                self.glances += bool(line)
            else:
                self.words += len(line.split())
                self._known.add(line)
        self.replies += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)

    @property
    def seconds(self) -> float:
        looking_at = self.words * WORD + self.glances * GLANCE
        return self.keys * KEY + self.minds * MIND + looking_at + self.replies * REPLY


def _answer_this_page(hands: Hands) -> None:
    """From the first row to the last: a to keep, with a reason where one is asked for, else j to go on."""
    page = hands.page
    hands.read()
    rows = page.evaluate("[...document.querySelectorAll('[data-row]')].filter(row => !row.closest('details')).length")
    hands.press("j")
    for number in range(rows):
        row, asks, needs_why = page.evaluate(STANDING)
        if not asks:
            hands.press("j")
            continue
        hands.press("a")
        hands.minds, hands.replies = hands.minds + 1, hands.replies + 1
        if needs_why:
            hands.type(REASON)
            hands.press("Enter")
            hands.minds += 1
        assert page.evaluate(GONE_ON, [row, number == rows - 1]), f"{row} has no answer"


def _next_page(hands: Hands) -> bool:
    """Press n, if there is a next page."""
    if not hands.page.locator("a[rel=next]").count():
        return False
    with hands.page.expect_navigation():
        hands.press("n")
    return True


def test_25_people_with_300_grants_take_at_most_40_answers_and_ten_minutes_by_keys_alone(awkward: Awkward) -> None:
    window = awkward.window("ada")
    page, answers, hands = window.page, [], Hands(window.page)

    def sent(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/answers"):
            answers.append(request)

    page.on("request", sent)
    window.open("/")
    page.get_by_role("button", name="Begin").focus()
    hands.press("Enter")
    page.wait_for_url("**/reviews/*")
    people: set[str] = set()
    alone, together = re.search(r"(\d+) unusual ones.* each of (\d+) people", page.inner_text("main")).groups()  # type: ignore[union-attr]
    told = Effort(int(alone), int(together))  # as the preview says it beforehand
    while True:
        people |= set(page.locator("section.person > h2").evaluate_all("all => all.map(each => each.id)"))
        _answer_this_page(hands)
        if not _next_page(hands):
            break
    hands.press("s")
    page.wait_for_url("**/submission")
    hands.read()
    expect(page.get_by_text("without an answer")).to_have_count(0)
    page.get_by_role("button", name="Submit").focus()
    hands.press("Enter")
    expect(page.get_by_text(re.compile("^Submitted")).first).to_be_visible()
    window.close()
    assert len(people) == 25
    assert 25 <= len(answers) <= 40, len(answers)
    assert hands.seconds <= told.minutes * 60 <= 600, (hands.seconds, told)


def test_400_exceptions_come_in_pages_that_load_little_and_are_answered_by_keys(awkward: Awkward) -> None:
    window = awkward.window("max")
    page, wire, hands = window.page, looking.weighing(window), Hands(window.page)
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
        if not _next_page(hands):
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
