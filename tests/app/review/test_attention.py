"""Attention: off unless switched on, about a review and nobody in it, and its sample can be drawn again by anybody."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import attention, decisions, former, passing, rounds
from app.review.attention import Attention, Said, Sign
from app.review.decisions import Ask
from app.review.tables import RoundRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

RULE = Attention(percent=50, ask=(), fast_seconds=5, bulk=3)
ON: dict[str, Any] = {"attention": {"percent": 100, "ask": ["owner"], "bulk": 3}, "reviewers": [{"ask": ["manager"]}]}


def _said(item: int, *, by: int = 1, after: float = 0, answer: str = "keep", **more: Any) -> Said:
    values: dict[str, Any] = {"advised": None, "stands": True}
    return Said(item, by, NOW + timedelta(seconds=after), answer, **(values | more))


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ([_said(1)], {}),  # a first call has taken nobody knows how long
        ([_said(1), _said(2, after=4.9)], {2: {Sign.FAST}}),
        ([_said(1), _said(2, after=5)], {}),
        ([_said(1), _said(2, after=4, by=2)], {}),  # another person's
        ([_said(1), *(_said(n, after=9) for n in (2, 3))], {2: {Sign.FAST}, 3: {Sign.FAST}}),  # 4.5 seconds for each
        ([_said(n) for n in (1, 2, 3)], {1: {Sign.BULK}, 2: {Sign.BULK}, 3: {Sign.BULK}}),
        ([_said(1, advised="remove")], {1: {Sign.AGAINST}}),
        ([_said(1, advised="remove", answer="acknowledge")], {1: {Sign.AGAINST}}),
        ([_said(1, advised="keep", answer="remove")], {}),
        ([_said(1, advised="remove", stands=False)], {}),
    ],
)
def test_what_is_marked(said: list[Said], marked: dict[int, set[Sign]]) -> None:
    assert attention.signs(RULE, said) == marked


def test_figures_are_of_five_people_or_of_nobody() -> None:
    told = [_said(n, by=n) for n in range(4)]
    assert attention.figures(RULE, told) is None
    found = attention.figures(RULE, [*told, _said(9, by=9), _said(10, by=9, after=60, advised="remove")])
    assert found is not None
    assert (found.decisions, found.seconds) == (6, 60)
    assert found.counts == {Sign.FAST: 0, Sign.BULK: 0, Sign.AGAINST: 1}
    assert attention.why_not_told(None, None).code == "switched_off"  # type: ignore[union-attr]
    assert attention.why_not_told(RULE, None).code == "too_few"  # type: ignore[union-attr]


@given(st.sets(st.integers(1, 10_000), max_size=60), st.integers(1, 100), st.text(min_size=1, max_size=8))
def test_a_sample_depends_on_seed_and_items_alone_and_is_never_too_small(
    items: set[int], percent: int, seed: str
) -> None:
    drawn = attention.sample(seed, items, percent)
    assert drawn == attention.sample(seed, sorted(items, reverse=True), percent)
    assert set(drawn) <= items
    assert len(drawn) * 100 >= len(items) * percent > (len(drawn) - 1) * 100 or not items


def test_a_review_that_did_not_switch_it_on_has_no_second_look(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        assert former.rounds(session, campaign.id) == []
        opened = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.opened")).one()
        assert "seed_digest" not in opened.body


def test_the_second_look_is_at_what_was_drawn_and_anybody_can_draw_it_again(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope=ON)
        planned = session.scalars(select(RoundRow).where(RoundRow.number == 2)).one()
        opened = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.opened")).one()
        assert opened.body["seed_digest"] == hashlib.sha256(str(planned.seed).encode()).hexdigest()
        assert str(planned.seed) not in str(opened.body)
        items = cast.items(session, campaign)
        asks = [Ask(item.id, "keep", "seen") for item in items.values()]
        decisions.record_many(session, asks, by=company.actor(company.ada), at=NOW)
        cast.submit(session, campaign, company.actor(company.ada))
        begun = rounds.go_on(session, campaign.id, by=make.ADMIN, at=NOW)
        assert (begun.name, begun.asked) == ("Second look", 3)
        body = session.scalars(select(EntryRow).where(EntryRow.kind == "round.begun")).one().body
        marked = sorted(item.id for item in items.values())
        assert (body["seed"], body["marked"], body["marked_digest"]) == (planned.seed, 3, passing.digest(marked))
        assert body["drawn_digest"] == passing.digest(attention.sample(body["seed"], marked, 100))


def test_what_was_decided_with_attention_is_not_looked_at_again(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope=ON)
        for number, item in enumerate(cast.items(session, campaign).values()):
            at = NOW + timedelta(minutes=number)
            decisions.record(session, item.id, "remove", reason="seen", by=company.actor(company.ada), at=at)
        cast.submit(session, campaign, company.actor(company.ada))
        assert rounds.go_on(session, campaign.id, by=make.ADMIN, at=NOW).status == "skipped"


@pytest.mark.parametrize(
    "written",
    [
        {"percent": 10},
        {"percent": 0, "ask": ["owner"]},
        {"percent": True, "ask": ["owner"]},
        {"percent": 10, "ask": []},
        {"percent": 10, "ask": ["owner"], "bulk": 1},
        {"percent": 10, "ask": ["owner"], "people": True},
    ],
)
def test_what_is_not_understood_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        attention.read(written)
