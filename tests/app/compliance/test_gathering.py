"""What is gathered before lines are judged: which review of a system counts as one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.compliance import gathering
from app.compliance.facts import Limits, ReviewFacts
from app.kit.db import Database
from app.review import campaigns
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW


def reviewed(session: Session, name: str, at: Any, **scope: Any) -> None:
    row = cast.opened(session, name=name, scope=scope)
    campaigns.close(session, row.id, unanswered="remove", by=make.ADMIN, at=at)


def counted(session: Session) -> ReviewFacts | None:
    (system,) = gathering.facts(session, Limits(), roster_max_age_days=7, at=NOW + timedelta(days=9)).systems
    return system.review


@pytest.mark.parametrize("part", [{"where": "privileged"}, {"department": "Sales"}, {"kinds": ["grant"]}])
def test_a_review_of_a_part_of_a_system_does_not_count_as_its_review(database: Database, part: dict[str, Any]) -> None:
    with database.transaction() as session:
        cast.company(session)
        reviewed(session, "A part", NOW, **part)
        assert counted(session) is None
        reviewed(session, "The whole", NOW + timedelta(hours=1))
        reviewed(session, "A part again", NOW + timedelta(hours=2), **part)
        review = counted(session)
        assert review is not None
        assert review.name == "The whole"
