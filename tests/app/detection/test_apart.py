"""The rules over the second company: what they find of its faults, and that its near misses are let be."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.detection import rulebook
from app.kit.db import Base
from tests.app.detection import apart
from tests.app.detection.apart import Planted


@pytest.fixture(scope="module")
def made() -> Iterator[Planted]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield apart.company(session)


@pytest.fixture(scope="module")
def told(made: Planted) -> set[tuple[str, str]]:
    return apart.told(made)


def test_every_fault_of_the_second_company_is_told(made: Planted, told: set[tuple[str, str]]) -> None:
    assert made.faults - told == set()
    assert {rule for rule, _ in made.faults} == set(apart.RULES)


def test_no_near_miss_is_told(made: Planted, told: set[tuple[str, str]]) -> None:
    assert made.near > 30
    assert told - made.faults == set()


def test_it_looks_at_rules_that_there_are() -> None:
    assert set(apart.RULES) <= rulebook.RULES.keys()
