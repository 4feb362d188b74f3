"""The rules over a company with planted faults: what they find, what they miss, and that nothing is right by absence."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, delete, update
from sqlalchemy.orm import Session

from app.detection import detect, rulebook
from app.detection.judgement import Counted, Judgement
from app.detection.limits import Limits
from app.detection.rule import CannotTell, Fails
from app.inventory.tables import (
    ChangeRow,
    CredentialRow,
    GrantRow,
    LoginRow,
    ObservationRow,
    PrivilegeRow,
    SettingRow,
    StreamRow,
)
from app.kit.db import Base
from tests.app.detection import manual, planted
from tests.app.detection.planted import Company
from tests.make import NOW

# An account whose privileges nobody knows is judged as an ordinary one, against the longer of two times: said on its page.
ORDINARY = {("inactive_account", "grants"), ("inactive_account", "entitlements")}
ROWS = {
    "grants": (PrivilegeRow, GrantRow),
    "entitlements": (PrivilegeRow,),
    "integrations": (CredentialRow,),
    "logins": (LoginRow,),
    "changes": (ChangeRow,),
    "settings": (SettingRow,),
}


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield planted.company(session)


@pytest.fixture(scope="module")
def told(company: Company) -> set[tuple[str, str]]:
    return manual.found(company.session, company)


def test_every_rule_has_planted_faults_and_finds_each_of_them(company: Company, told: set[tuple[str, str]]) -> None:
    assert {rule for rule, _ in company.faults} == set(rulebook.RULES)
    assert company.faults - told == set()


def test_nothing_is_told_that_was_not_planted(company: Company, told: set[tuple[str, str]]) -> None:
    assert told - company.faults == set()


def test_the_manual_is_what_the_rules_say_of_themselves(company: Company, told: set[tuple[str, str]]) -> None:
    assert manual.PAGE.read_text(encoding="utf-8") == manual.page(company, told), "run `make rules`"


@pytest.mark.parametrize("stream", [*planted.STREAMS, "people"])
def test_what_was_wrong_is_not_right_once_a_stream_is_missing(
    company: Company, told: set[tuple[str, str]], stream: str
) -> None:
    session, wrong = company.session, told
    with session.begin_nested() as savepoint:
        session.execute(update(StreamRow).where(StreamRow.stream == stream).values(verdict="not_collected"))
        for rows in ROWS.get(stream, ()):
            session.execute(delete(rows))
        session.execute(delete(ObservationRow).where(ObservationRow.stream == stream))
        sure = {each for system in company.systems for each in _left_open(session, system.id, wrong)}
        gone = {each for each in wrong if each[1].partition(":")[0] in _without_rows(stream)}
        savepoint.rollback()
    silent = {rule for rule, _ in wrong - sure - gone} - {rule for rule, of in ORDINARY if of == stream}
    assert silent == set()


def _left_open(session: Session, system_id: int, wrong: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What still fails, or cannot be told any more."""
    for each in detect.judgements(session, system_id, Limits(), at=NOW):
        if isinstance(each, Judgement) and isinstance(each.answer, Fails | CannotTell):
            yield each.rule, each.subject
        elif isinstance(each, Counted) and isinstance(each.answer, CannotTell):
            yield from (key for key in wrong if key[0] == each.rule)


def _without_rows(stream: str) -> set[str]:
    """Kinds of subject that are not there any more, so that there is nobody to be right."""
    words = {"integrations": "credential", "endpoints": "endpoint", "packages": "package", "usage": "usage"}
    return {words[stream]} if stream in words else set()
