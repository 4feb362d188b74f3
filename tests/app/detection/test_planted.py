"""The rules over a company with planted faults: what they find, what they miss, and that nothing is right by absence."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, delete, update
from sqlalchemy.orm import Session

from app.detection import detect, rulebook
from app.detection.judgement import Counted, Judgement, Touched
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
from tests import make
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


def test_a_narrowed_pass_says_of_its_accounts_what_the_whole_pass_says(company: Company) -> None:
    session, system = company.session, company.systems[0].id
    whole = _said(session, system)
    some = set(_accounts(whole)[::5])
    narrowed = _said(session, system, only=some)
    assert len(some) > 20
    mine = {f"account:{number}" for number in some}
    assert {key: why for key, why in narrowed.items() if key[1].startswith("account:")} == {
        key: why for key, why in whole.items() if key[1] in mine
    }
    others = {key for key in narrowed if key[1].partition(":")[0] not in ("account", "credential")}
    assert others == {key for key in whole if key[1].partition(":")[0] not in ("account", "credential", "entitlement")}


@pytest.mark.parametrize(
    ("rule", "where", "word"),
    [("mass_export", 2, "SOMETHING_NEW"), ("secret_seen", 0, "somethingNew"), ("legacy_sign_in", 0, "Something New")],
)
def test_a_word_that_nobody_knows_makes_those_who_have_it_unclear_under_one_reason(
    company: Company, rule: str, where: int, word: str
) -> None:
    session, system = company.session, company.systems[where]
    with session.begin_nested() as savepoint:
        accounts = [make.account(session, system), make.account(session, system)]
        for n, account in enumerate(accounts):
            if rule == "legacy_sign_in":
                company.signed_in(account, word)
            else:
                company.logged(word, account, of=system)
                company.logged(f"{word}{n}", account, of=system)
        session.flush()
        said = _said(session, system.id)
        narrowed = _said(session, system.id, only={accounts[0].id})
        savepoint.rollback()
    unclear = {subject: why for (name, subject), why in said.items() if name == rule and "not understood" in why}
    mine = {f"account:{account.id}" for account in accounts}
    assert set(unclear) == mine
    assert len(set(unclear.values())) == 1  # one reason, counted, however many have it
    assert all(f"not understood: {word}" in why for why in unclear.values())
    assert narrowed[(rule, f"account:{accounts[0].id}")] == unclear[f"account:{accounts[0].id}"]


def _said(session: Session, system: int, only: set[int] | None = None) -> dict[tuple[str, str], str]:
    touched = None if only is None else Touched(frozenset(only), frozenset(), entitlements=frozenset())
    told = detect.judgements(session, system, Limits(), at=NOW, only=touched)
    return {(j.rule, j.subject): getattr(j.answer, "because", "") for j in told if isinstance(j, Judgement)}


def _accounts(said: dict[tuple[str, str], str]) -> list[int]:
    return sorted({int(subject.partition(":")[2]) for _, subject in said if subject.startswith("account:")})


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
