"""A plan is of what was promised: giving back is no removal, and neither is giving an end."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from app.kit.secrets import Keys
from app.remediation import plans
from app.remediation.brakes import Brakes
from app.remediation.plans import Plan
from app.remediation.tables import RemediationRow

from .conftest import Town
from .test_ends import decided
from .test_undoings import proved, undone


def planned(town: Town, removal: uuid.UUID) -> Plan:
    keys, never = Keys(b"k" * 32), lambda: False
    return plans.plan(
        town.database, removal, common=Brakes(), stopped=never, keys=keys, clock=lambda: town.now, look=True,
        open_executor=town.crm.open,
    )  # fmt: skip


def test_giving_back_is_planned_as_such_and_nothing_breaks_by_it(town: Town) -> None:
    proved(town)
    plan = planned(town, undone(town))
    assert [call.act for call in plan.calls] == ["restore"]
    assert (plan.looked, plan.gone, plan.breaks, plan.remains) == (False, False, (), ())


def test_giving_an_end_is_planned_as_such(town: Town) -> None:
    decided(town)
    with town.database.reading() as session:
        row = session.scalars(select(RemediationRow)).one()
    plan = planned(town, row.id)
    assert [call.act for call in plan.calls] == ["time_box"]
    assert not plan.looked
