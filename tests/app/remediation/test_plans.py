"""A plan is of what was promised: giving back is no removal, and neither is giving an end."""

from __future__ import annotations

import uuid

from app.kit.secrets import Keys
from app.remediation import plans, remediations
from app.remediation.brakes import Brakes
from app.remediation.plans import Plan
from app.remediation.wishes import WAITS

from .conftest import Town
from .crm import name_of
from .test_ends import decided, keeps_ends
from .test_undoings import proved, undone


def planned(town: Town, removal: uuid.UUID) -> Plan:
    keys, never = Keys(b"k" * 32), lambda: False
    return plans.plan(
        town.database, removal, common=Brakes(), stopped=never, keys=keys, clock=lambda: town.now, look=True,
        open_executor=town.crm.open,
    )  # fmt: skip


def test_giving_back_is_planned_from_a_look_and_nothing_breaks_by_it(town: Town) -> None:
    proved(town)
    removal = undone(town)
    before = len(town.crm.effects)
    plan = planned(town, removal)
    assert [(call.act, call.request) for call in plan.calls] == [("restore", f"POST {plan_name(town)}")]
    assert (plan.looked, plan.gone, plan.already, plan.breaks, plan.remains) == (True, False, None, (), ())
    town.crm.present.add(plan_name(town))
    assert planned(town, removal).already == "It was there when we looked."
    assert planned(town, removal).calls == ()
    assert len(town.crm.effects) == before, "nothing was changed by looking"


def test_giving_an_end_is_planned_from_a_look(town: Town) -> None:
    keeps_ends(town)
    until = decided(town)
    plan = planned(town, town.only.id)
    assert [(call.act, call.request) for call in plan.calls] == [("time_box", "PATCH")]
    assert plan.looked
    town.crm.ends[plan_name(town)] = until.isoformat()
    assert planned(town, town.only.id).already == "It had that end when we looked."
    assert town.crm.effects == []


def test_where_the_system_keeps_no_ends_the_plan_says_that_it_waits_for_its_day(town: Town) -> None:
    until = decided(town)
    plan = planned(town, town.only.id)
    assert (plan.calls, plan.already) == ((), WAITS)
    town.now = until
    assert [call.act for call in planned(town, town.only.id).calls] == ["remove_grant"]


def plan_name(town: Town) -> str:
    """What the thing is called in the CRM."""
    return name_of(remediations.target_of(town.all()[0]))
