"""What closing would make of what nobody answered, told before: of what an earlier round answered, nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.kit.db import Database
from app.kit.refusal import Refused
from app.remediation.brakes import Brakes, Common
from app.review import campaigns, decisions, rounds
from app.review.tables import CampaignRow
from app.stories import silences
from app.stories.silences import Silenced
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

AGAIN: dict[str, Any] = {
    "kinds": ["grant"],
    "then": [{"name": "Owners", "ask": ["owner"], "where": "privileged", "due_days": 7}],
}


def _asked_again(session: Session, answer: str) -> CampaignRow:
    """The privileged grant was answered in the first round, and the second is silent about it."""
    company = cast.company(session)
    campaign = cast.opened(session, scope=AGAIN)
    for subject, item in cast.items(session, campaign).items():
        said = answer if subject == f"grant:{company.mighty.id}" else "keep"
        decisions.record(session, item.id, said, reason="seen", by=company.actor(company.ada), at=NOW)
    cast.submit(session, campaign, company.actor(company.ada))
    rounds.go_on(session, campaign.id, by=make.ADMIN, at=NOW)
    return campaign


def _preview(session: Session, campaign: CampaignRow, answer: str) -> Silenced:
    return silences.preview(session, campaign, answer, common=Common(Brakes()), by=make.ADMIN, at=NOW)


@pytest.mark.parametrize(("answer", "stays", "goes"), [("keep", 1, 0), ("remove", 0, 1)])
def test_what_a_round_before_answered_is_told_apart_and_stands(
    database: Database, answer: str, stays: int, goes: int
) -> None:
    with database.transaction() as session:
        campaign = _asked_again(session, answer)
        told = _preview(session, campaign, "remove")
        assert (told.items, told.privileged, told.stays, told.goes) == (1, 1, stays, goes)
        assert (told.mighty, list(told.named)) == (0, []), "silence makes nothing of it"
        assert sum(each.count for each in told.takes_away) == goes
        campaigns.close(session, campaign.id, unanswered="remove", seen=told.seen, by=make.ADMIN, at=NOW)
        session.expire_all()
        of = {item.privileged: item.outcome for item in cast.items(session, campaign).values()}
        assert of == {True: answer, False: "keep"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_in_the_first_round_nothing_stands(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        told = _preview(session, cast.opened(session, scope={"kinds": ["grant"]}), "remove")
        assert (told.items, told.stays, told.goes, told.mighty, len(told.named)) == (2, 0, 0, 1, 1)


@pytest.mark.parametrize("answer", ["keep", "remove"])
def test_silence_keeps_nothing_privileged_where_a_round_before_has_answered(database: Database, answer: str) -> None:
    """What stands is somebody's answer, so closing with "keep" is no way around it, and not refused."""
    with database.transaction() as session:
        campaign = _asked_again(session, answer)
        assert _preview(session, campaign, "keep").refusal is None
        campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=NOW)
        session.expire_all()
        of = {item.privileged: item.outcome for item in cast.items(session, campaign).values()}
        assert of == {True: answer, False: "keep"}


def test_silence_keeps_nothing_privileged_that_no_round_has_answered(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope=AGAIN)
        mighty = cast.items(session, campaign)[f"grant:{company.mighty.id}"]
        for item in cast.items(session, campaign).values():
            if item.id != mighty.id:
                decisions.record(session, item.id, "keep", reason="seen", by=company.actor(company.ada), at=NOW)
        rounds.go_on(session, campaign.id, by=make.ADMIN, at=cast.DUE)
        no = _preview(session, campaign, "keep").refusal
        assert no is not None
        assert "silence does not keep privileged access" in no.reason
        with pytest.raises(Refused, match="1 privileged items have no decision"):
            campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=cast.DUE)
