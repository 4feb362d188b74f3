"""The room of schedules: what opens by itself and when next; added, changed, paused, taken away."""

from __future__ import annotations

import html
from typing import Any

from sqlalchemy import select

from app.inventory.tables import IdentityRow
from app.ledger.tables import EntryRow
from app.review.exclusions import Approval
from app.review.tables import ScheduleRow
from app.review.workdays import WEEKDAYS
from tests.app.api.house import NOW, House
from tests.app.console.visiting import visitor

ADDING = {
    "name": "Each quarter <b>", "zone": "Europe/Berlin", "opens_on_day": "15", "opens_at_hour": "8", "due_days": "10",
    "systems": "all", "kinds": ["grant", "account"], "fallback": "fay", "days": list(WEEKDAYS),
}  # fmt: skip


def _rows(house: House) -> dict[str, ScheduleRow]:
    with house.database.reading() as session:
        return {row.name: row for row in session.scalars(select(ScheduleRow))}


def _changing(row: ScheduleRow, **given: Any) -> dict[str, Any]:
    plan = {name: str(getattr(row, name)) for name in ("zone", "opens_on_day", "opens_at_hour", "due_days", "version")}
    plan |= {"days": list(WEEKDAYS)}
    return plan | {"systems": "all", "kinds": row.scope["kinds"], "fallback": row.scope["fallback"]} | given


def test_a_schedule_is_added_and_tells_its_next_review(house: House) -> None:
    admin = visitor(house, "admin")
    assert admin.act("/schedules", ADDING).status_code == 303
    row = _rows(house)[ADDING["name"]]
    assert (row.scope["systems"], row.scope["kinds"], row.opens_on_day) == ("all", ["grant", "account"], 15)
    page = admin.get("/schedules").text
    assert "15 Jan 2027, 08:00" in page  # by its own clock, whatever the installation's is
    assert "<b>" not in page
    assert "day 15 of each quarter, 8:00 (Europe/Berlin), due after 10 days" in page
    assert "2 schedules" in admin.get("/campaigns").text


def test_what_cannot_be_kept_is_said_on_the_form_with_what_was_written(house: House) -> None:
    admin = visitor(house, "admin")
    for wrong, told in (
        ({"opens_on_day": "91"}, "day 91 is not in every quarter"),
        ({"opens_on_day": "soon"}, "not in every quarter"),
        ({"cadence": "weekly"}, "day 15 is not in every week"),
        ({"every": "2"}, "from which quarter"),
        ({"starts_on": "soon"}, '"soon" is no day'),
        ({"days": []}, "No day of the week is open"),
        ({"closed": "Christmas"}, '"Christmas" is no day and no week'),
        ({"zone": "Mars"}, "is not a time zone"),
        ({"fallback": "nobody"}, "Nobody in the roster"),
        ({"name": "Quarterly"}, "called"),
        ({"systems": []}, "names no system"),
    ):
        answer = admin.act("/schedules", ADDING | wrong)
        assert answer.status_code in (409, 422), wrong
        assert told in html.unescape(answer.text), wrong
        assert 'value="10"' in answer.text
    assert len(_rows(house)) == 1


def test_a_schedule_is_changed_and_what_the_form_does_not_show_stays(house: House) -> None:
    admin, row = visitor(house, "admin"), house.schedule
    without = [{"system": "Sales org", "kind": "integration", "reason": "by hand"}]
    with house.database.transaction() as session:
        kept = session.get_one(ScheduleRow, row.id)
        kept.scope = row.scope | {"without": without, "approver": "cy"}
        cy = session.scalars(select(IdentityRow.id).where(IdentityRow.key == "cy")).one()
        kept.approval = Approval("actor-cy", cy, "by hand, each month", NOW).written()
    assert admin.act(f"/schedules/{row.id}", _changing(row, due_days="30", approver="cy")).status_code == 303
    now = _rows(house)["Quarterly"]
    assert (now.due_days, now.scope["without"]) == (30, without)
    late = admin.act(f"/schedules/{row.id}", _changing(row, due_days="5"))  # by what was seen before
    assert (late.status_code, "Somebody changed this schedule" in late.text) == (412, True)
    assert _rows(house)["Quarterly"].due_days == 30
    wrong = admin.act(f"/schedules/{row.id}", _changing(now, opens_at_hour="24"))
    assert (wrong.status_code, "24 is not an hour" in wrong.text) == (422, True)


def test_dates_are_shown_before_a_schedule_is_kept_and_closed_days_move_them(house: House) -> None:
    admin = visitor(house, "admin")
    office = {
        "cadence": "monthly", "every": "2", "starts_on": "2026-12-01", "opens_on_day": "24",
        "days": ["mon", "tue", "wed", "thu", "fri"], "closed": "12-21 to 01-03 year <end>\r\nW08 carnival",
    }  # fmt: skip
    looked = admin.act("/schedules", ADDING | office | {"go": "look"}).text
    assert "<td>from <time" in looked
    assert "year &lt;end&gt;" in looked
    assert "4 Jan 2027" in looked
    assert len(_rows(house)) == 1
    assert admin.act("/schedules", ADDING | office).status_code == 303
    row = _rows(house)[ADDING["name"]]
    page = admin.get(f"/schedules/{row.id}").text
    assert "Opens (Europe/Berlin)" in page
    assert page.count(", 08:00</time>") >= 6
    assert 'name="fallback" type="text" value="Fay"' in page  # whose roster id is kept
    assert "day 24 of every 2nd month from 2026-12-01, 8:00 (Europe/Berlin)" in page
    assert page.count("<td>from <time") == 4  # 24 December, W08, a Saturday, a Sunday
    assert "12-21 to 01-03 year &lt;end&gt;\nW08 carnival" in page
    changing = _changing(row, starts_on="2027-02-01", **{n: office[n] for n in ("cadence", "every", "days")})
    looked = admin.act(f"/schedules/{row.id}", changing | {"go": "look"}).text
    assert looked.count("<td>from <time") == 2
    assert _rows(house)[ADDING["name"]].version == 1
    assert admin.act(f"/schedules/{row.id}", changing).status_code == 303
    now = _rows(house)[ADDING["name"]]
    assert (now.calendar["closed"], str(now.starts_on)) == ([], "2027-02-01")


def test_a_schedule_is_paused_taken_up_again_and_taken_away(house: House) -> None:
    admin, path = visitor(house, "admin"), f"/schedules/{house.schedule.id}"
    assert admin.act(f"{path}/pause").status_code == 303
    assert _rows(house)["Quarterly"].paused
    assert "none while it is paused" in admin.get("/schedules").text
    assert "1 paused" in admin.get("/campaigns").text
    assert admin.act(f"{path}/pause", {"resume": "yes"}).status_code == 303
    assert not _rows(house)["Quarterly"].paused
    assert admin.act(f"{path}/removal").status_code == 303
    assert "No review opens by itself" in admin.get("/schedules").text
    assert admin.get(path).status_code == 404
    with house.database.reading() as session:
        kinds = session.scalars(select(EntryRow.kind).where(EntryRow.kind.like("schedule.%")))
        assert sorted(kinds) == ["schedule.added", "schedule.changed", "schedule.changed", "schedule.removed"]


def test_whoever_may_only_look_is_offered_nothing_to_do(house: House) -> None:
    auditor = visitor(house, "auditor")
    for path in ("/schedules", f"/schedules/{house.schedule.id}"):
        page = auditor.get(path)
        assert page.status_code == 200
        assert 'action="/schedules' not in page.text
