"""What holds a run of removals: everything at once, the hours, a second person, each until it is over and said so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.actors.actor import SCHEDULER, Actor, Role
from app.actors.tables import ActorRow
from app.kit.refusal import Refused
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation import brakes, braking, lanes, releases, remediations, stops, waits
from app.remediation.brakes import Brakes, Own
from app.remediation.hours import Hours
from app.remediation.policy import Caps
from app.remediation.tables import RemediationRow, WaitRow
from app.review.tables import CampaignRow
from app.ways import Way
from connectors.errors import Declined, Unreachable
from tests import make

from .conftest import Town

ALL = Caps(percent=100)
MO = Actor("mo", "Mo", frozenset({Role.ADMIN}), way="token")  # the second person
CLOSER = Actor("admin", "the admin", frozenset({Role.ADMIN}), way="oidc")  # who closed the review


def to_go(town: Town, *keys: str) -> None:
    with town.database.transaction() as session:
        for key in keys:
            town.decided(session, town.account(session, key=key))
    town.open_all()


def waits_of(town: Town) -> dict[str, WaitRow]:
    with town.database.reading() as session:
        return {row.code: row for row in braking.waits(session, town.system_id)}


def requested(town: Town) -> int:
    with town.database.reading() as session:
        return len(session.scalars(select(EntryRow.id).where(EntryRow.kind == Kind.REMOVAL_REQUESTED)).all())


def woken(town: Town, *, stopped: bool = False) -> list[int]:
    with town.database.transaction() as session:
        return waits.wake(session, stopped=stopped, by=SCHEDULER, at=town.now)


# --- everything at once ---


def test_a_stop_holds_every_removal_and_says_who_pulled_it_and_how_it_ends(town: Town) -> None:
    to_go(town, "bo", "cy")
    with town.database.transaction() as session:
        stops.pull(session, "the wrong people are going", by=CLOSER, at=town.now)
    assert town.carry_out().held == 2
    assert town.crm.log == []
    told = str(town.all()[0].because)
    assert "stopped everywhere, by admin" in told
    assert "the wrong people are going. They go on when" in told, "one sentence, then the other"
    assert "ends the stop" in told


def test_a_stop_that_is_pulled_in_the_middle_of_a_run_is_obeyed_before_its_next_call(town: Town) -> None:
    to_go(town, "a", "b", "c")

    def pull(_: str) -> None:
        with town.database.transaction() as session:
            if braking.stop_row(session) is None:
                stops.pull(session, "something is wrong", by=CLOSER, at=town.now)

    town.crm.after_effect = pull
    counts = town.carry_out()
    assert (counts.acted, counts.held) == (1, 2)
    assert town.crm.effects == ["a"]
    assert [row.status for row in town.all()] == ["acted", "open", "open"]


def test_a_stop_between_two_calls_of_one_plan_leaves_it_open_to_go_on(town: Town) -> None:
    town.crm.also_ends_sessions = True
    to_go(town, "bo")

    def pull(name: str) -> None:
        with town.database.transaction() as session:
            stops.pull(session, "something is wrong", by=CLOSER, at=town.now)

    town.crm.after_effect = pull
    town.carry_out()
    assert (town.crm.effects, town.only.status) == (["sessions"], "open")
    town.crm.after_effect = lambda _: None
    with town.database.transaction() as session:
        stops.end(session, "it was a false alarm", by=MO, at=town.later(hours=1))
    town.carry_out()
    assert town.only.status == "acted"


def test_when_the_stop_ends_the_lanes_go_to_work_by_themselves_once(town: Town) -> None:
    to_go(town, "bo")
    with town.database.transaction() as session:
        stops.pull(session, "something is wrong", by=CLOSER, at=town.now)
    town.carry_out()
    assert woken(town) == []
    with town.database.transaction() as session:
        stops.end(session, "it was a false alarm", by=MO, at=town.later(hours=1))
    assert woken(town, stopped=True) == []  # the setting stops them as well
    assert woken(town) == [town.system_id]
    assert woken(town) == []
    assert requested(town) == 1
    assert town.carry_out().acted == 1
    assert waits_of(town) == {}


def test_what_a_run_left_open_that_failed_for_good_is_taken_up_again_and_what_is_held_is_not(town: Town) -> None:
    """A CRM that is out of reach for longer than a run tries; nobody would be sent any more."""

    def cut(_: str) -> None:
        raise Unreachable("it does not answer")

    def taken_up() -> list[int]:
        with town.database.transaction() as session:
            return waits.take_up(session, by=SCHEDULER, at=town.now)

    to_go(town, "bo")
    assert taken_up() == [town.system_id]
    town.crm.before_look = cut
    with pytest.raises(Unreachable):
        town.carry_out()
    town.later(hours=5)
    assert taken_up() == [], "its own tries come first"
    town.later(hours=2)
    assert taken_up() == [town.system_id]
    with town.database.transaction() as session:
        stops.pull(session, "the wrong people are going", by=CLOSER, at=town.now)
    town.crm.before_look = lambda _: None
    assert town.carry_out().held == 1
    town.later(hours=7)
    assert taken_up() == [], "the stop holds it, and its end sends somebody"
    with town.database.transaction() as session:
        stops.end(session, "they are the right ones", by=CLOSER, at=town.now)
    assert woken(town) == [town.system_id]
    assert town.carry_out().acted == 1
    town.later(hours=7)
    assert taken_up() == []


def test_a_stop_is_pulled_once_ended_once_and_both_say_why(town: Town) -> None:
    with town.database.transaction() as session:
        with pytest.raises(Refused, match="not stopped"):
            stops.end(session, "nothing is wrong", by=MO, at=town.now)
        with pytest.raises(Refused, match="Say why"):
            stops.pull(session, "x", by=MO, at=town.now)
        stops.pull(session, "something is wrong", by=CLOSER, at=town.now)
        with pytest.raises(Refused, match="has stopped them already"):
            stops.pull(session, "something is wrong", by=MO, at=town.now)
        with pytest.raises(Refused, match="Say why"):
            stops.end(session, "ok", by=MO, at=town.now)
        stops.end(session, "it was a false alarm", by=MO, at=town.now)
        stops.pull(session, "it was none after all", by=MO, at=town.now)
    with town.database.reading() as session:
        kinds = session.scalars(select(EntryRow.kind).where(EntryRow.kind.like("removals.%")).order_by(EntryRow.id))
        assert list(kinds) == ["removals.stopped", "removals.resumed", "removals.stopped"]
        assert "false alarm" not in str(session.scalars(select(EntryRow.body)).all())


# --- hours ---

OFFICE = Brakes(ALL, hours=Hours("Mon-Fri 08:00-18:00", "UTC"))


def test_outside_its_hours_a_systems_removals_wait_and_it_is_said_since_when_and_until_when(town: Town) -> None:
    to_go(town, "bo")
    town.later(hours=10)  # Monday, 19:00
    assert town.carry_out(brakes=OFFICE).held == 1
    assert town.crm.log == []
    town.later(hours=3)
    town.carry_out(brakes=OFFICE)
    wait = waits_of(town)["outside_hours"]
    assert (wait.since, wait.until) == (town.now - timedelta(hours=3), town.now + timedelta(hours=10))
    told = str(town.only.because)
    assert "since Mon 16 Nov 2026, 19:00 (UTC)" in told
    assert "on Tue 17 Nov 2026, 08:00 (UTC)" in told
    assert woken(town) == []
    town.later(hours=10)
    assert woken(town) == [town.system_id]
    assert town.carry_out(brakes=OFFICE).acted == 1
    assert waits_of(town) == {}


def test_a_run_that_goes_past_the_hours_makes_no_call_after_them(town: Town) -> None:
    to_go(town, "a", "b")
    town.later(hours=8, minutes=59)
    town.crm.after_effect = lambda _: setattr(town, "now", town.now + timedelta(minutes=5))
    counts = town.carry_out(brakes=OFFICE)
    assert (counts.acted, counts.held) == (1, 1)
    assert "go on by themselves" in str(town.all()[1].because)


def test_a_call_whose_end_is_not_known_is_looked_at_outside_the_hours_too(town: Town) -> None:
    from connectors.errors import Unreachable

    to_go(town, "bo")

    def cut(_: str) -> None:
        raise Unreachable("cut", ambiguous=True)

    town.crm.after_effect = cut
    with pytest.raises(Unreachable):
        town.carry_out(brakes=OFFICE)
    town.later(hours=12)
    town.carry_out(brakes=OFFICE)
    assert town.acts == [("deactivate", "done")]


def test_a_system_has_hours_of_its_own(town: Town) -> None:
    to_go(town, "bo")
    with town.database.transaction() as session:
        own = Own(hours="Sat 02:00-04:00", zone="Asia/Tokyo", percent=100)
        lanes.brake(session, town.system_id, own, "its support asks for that", by=CLOSER, at=town.now)
    assert town.carry_out().held == 1
    assert "Sat 21 Nov 2026, 02:00 (Asia/Tokyo)" in str(town.only.because)
    with town.database.transaction() as session:
        lanes.brake(session, town.system_id, Own(), "they ask for it no more", by=CLOSER, at=town.now)
    assert town.carry_out().acted == 1


# --- a second person ---


def two_alone(**given: Any) -> Brakes:
    return Brakes(ALL, release_above=2, **given)


def released(town: Town, by: Actor = MO, reason: str = "looked at each of them", seen: str | None = None) -> None:
    with town.database.transaction() as session:
        now = braking.digest(braking.waiting(session, town.system_id))
        releases.release(session, town.system_id, seen or now, reason, by=by, at=town.now)


def test_above_the_threshold_nothing_begins_before_a_second_person_has_released_it(town: Town) -> None:
    to_go(town, "a", "b")
    assert town.carry_out(brakes=two_alone()).acted == 2
    town.later(days=2)
    to_go(town, "c", "d", "e")
    assert town.carry_out(brakes=two_alone()).held == 3
    assert town.crm.effects == ["a", "b"]
    assert "3 removals wait for a second person" in str(town.all()[2].because)
    released(town)
    assert town.carry_out(brakes=two_alone()).acted == 3
    assert waits_of(town) == {}


def test_small_runs_one_after_another_are_one_large_one(town: Town) -> None:
    to_go(town, "a", "b")
    town.carry_out(brakes=two_alone())
    to_go(town, "c")
    assert town.carry_out(brakes=two_alone()).held == 1
    assert "beside 2 of the last 24 hours" in str(town.all()[2].because)
    town.later(hours=24)
    assert town.carry_out(brakes=two_alone()).acted == 1


def test_what_counts_for_the_day_is_what_went_alone_and_is_not_counted_twice(town: Town) -> None:
    """Not what was released, not what the CRM declined, and what is to be done again counts once."""
    one_alone = Brakes(ALL, release_above=1)

    def no(name: str) -> None:
        raise Declined("no", said="no")

    to_go(town, "a", "b")
    released(town)
    assert town.carry_out(brakes=one_alone).acted == 2
    to_go(town, "c")
    town.crm.before_effect = no
    assert town.carry_out(brakes=one_alone).declined == 1
    town.crm.before_effect = lambda _: None
    to_go(town, "d")
    assert town.carry_out(brakes=one_alone).acted == 1
    with town.database.transaction() as session:
        row = session.scalars(select(RemediationRow).order_by(RemediationRow.id.desc()).limit(1)).one()
        remediations.try_again(session, row, "it is there again", by=CLOSER, at=town.later(hours=1))
    town.crm.present.add("d")
    assert town.carry_out(brakes=one_alone).acted == 1


def test_a_release_is_of_what_was_looked_at_and_of_nothing_that_came_later(town: Town) -> None:
    to_go(town, "a", "b", "c")
    with town.database.reading() as session:
        seen = braking.digest(braking.waiting(session, town.system_id))
    to_go(town, "d")
    with pytest.raises(Refused, match="Other removals wait by now"):
        released(town, seen=seen)
    released(town)
    to_go(town, "e", "f", "g")
    counts = town.carry_out(brakes=two_alone())
    assert (counts.acted, counts.held) == (4, 3)
    assert [row.status for row in town.all()] == ["acted"] * 4 + ["open"] * 3


def test_what_has_to_be_done_again_is_released_again(town: Town) -> None:
    to_go(town, "a")
    none_alone = Brakes(ALL, release_above=0)
    released(town)
    assert town.carry_out(brakes=none_alone).acted == 1
    with town.database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        remediations.try_again(session, row, "it is there again", by=CLOSER, at=town.later(hours=1))
    town.crm.present.add("a")
    assert town.carry_out(brakes=none_alone).held == 1


def test_nobody_releases_what_they_asked_for_by_whichever_name(town: Town) -> None:
    to_go(town, "a")
    with pytest.raises(Refused, match="asked for these removals yourself"):
        released(town, CLOSER)
    with town.database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        row.status = "declined"
        retrier = Actor("ty", "Ty", frozenset({Role.ADMIN}), way="token")
        remediations.try_again(session, row, "the right is there now", by=retrier, at=town.now)
    with pytest.raises(Refused, match="asked for these removals yourself"):
        released(town, retrier)
    with town.database.transaction() as session:  # the same person under another name
        person = make.identity(session, "Pia", key="pia")
        session.add(ActorRow(id="pia-1", name="Pia", person_key="pia", created=town.now))
        session.get_one(CampaignRow, town.campaign_id).closed_by = "pia-1"
        other = Actor("pia-2", "Pia", frozenset({Role.ADMIN}), identity_id=person.id, way="oidc")
    with pytest.raises(Refused, match="asked for these removals yourself"):
        released(town, other)
    with town.database.transaction() as session:  # the command line spoke for her
        session.get_one(CampaignRow, town.campaign_id).closed_by = f"cli:root for person:{person.key}"
    with pytest.raises(Refused, match="asked for these removals yourself"):
        released(town, other)
    released(town)


@pytest.mark.parametrize("way", ["cli", "schedule", "hook", "link"])
def test_a_release_is_somebodys_own_word(way: str) -> None:
    given: dict[str, Any] = {
        "by": "mo", "person": None, "askers": {"admin": None}, "waiting": 1, "seen": "x", "now": "x", "reason": "looked",
    }  # fmt: skip
    assert brakes.why_not_release(way="oidc", **given) is None
    refusal = brakes.why_not_release(way=way, **given)
    assert refusal is not None
    assert (refusal.code, refusal.status, refusal.way) == ("not_present", 403, Way.BE_ONESELF)


def test_a_release_needs_something_to_release_and_a_reason_and_is_in_the_ledger(town: Town) -> None:
    with pytest.raises(Refused, match="No removal waits"):
        released(town)
    to_go(town, "a")
    with pytest.raises(Refused, match="what you looked at"):
        released(town, reason="ok")
    released(town)
    with town.database.reading() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == Kind.REMOVALS_RELEASED)).one()
        digest = braking.digest(session.scalars(select(RemediationRow)).all())
    assert (entry.author, entry.body["removals"], entry.body["digest"]) == ("mo", 1, digest)


def test_what_becomes_a_persons_task_needs_nobodys_release(town: Town) -> None:
    to_go(town, "a", "b", "c")
    with town.database.transaction() as session:
        town.system(session).writing = []
    assert town.carry_out(brakes=two_alone()).by_hand == 3


def test_a_release_lifts_no_cap(town: Town) -> None:
    to_go(town, "a", "b", "c")
    released(town)
    assert town.carry_out(brakes=Brakes(Caps(per_run=2, percent=100), release_above=2)).held == 3
    assert set(waits_of(town)) == {"too_many_removals"}
    to_go(town, "d", "e", "f")  # which nobody released
    assert town.carry_out(brakes=Brakes(Caps(per_run=2, percent=100), release_above=2)).held == 6
    assert set(waits_of(town)) == {"too_many_removals", "needs_release"}


def test_what_a_release_holds_does_not_hide_an_open_question(town: Town) -> None:
    """A removal whose call ended in doubt is looked at, and not repeated by a run that is held."""
    from connectors.errors import Unreachable

    to_go(town, "a")

    def cut(_: str) -> None:
        raise Unreachable("cut", ambiguous=True)

    town.crm.before_effect = cut
    with pytest.raises(Unreachable):
        town.carry_out(brakes=two_alone())
    town.crm.before_effect = lambda _: None
    to_go(town, "b", "c", "d")
    town.carry_out(brakes=two_alone())
    assert town.crm.effects == []
    assert [row.status for row in town.all()] == ["open"] * 4


# --- a system's own ---


def test_a_system_has_numbers_of_its_own_and_follows_the_settings_in_the_rest(town: Town) -> None:
    with town.database.transaction() as session:
        lanes.brake(session, town.system_id, Own(per_run=5), "it is small", by=CLOSER, at=town.now)
        lanes.brake(session, town.system_id, Own(per_run=7, release_above=0), "it is not", by=CLOSER, at=town.now)
    with town.database.reading() as session:
        mine = braking.braked(session, town.system_id, Brakes(Caps(1, 2, 3), 4, OFFICE.hours))
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == Kind.LANE_CHANGED).order_by(EntryRow.id)).all()
    assert mine == Brakes(Caps(7, 2, 3), 0, OFFICE.hours)
    assert (entry[1].body["before"]["per_run"], entry[1].body["now"]["per_run"]) == (5, 7)
    assert entry[1].body["system"] == town.system_id  # what follows is that its lane goes to work


def test_each_number_of_its_own_goes_before_the_settings() -> None:
    common = Brakes(Caps(1, 2, 3), 4, Hours("Mon 09:00-10:00", "UTC", ("2026-12-24",)))
    mine = brakes.braked(common, Own(5, 6, 7, "Tue 09:00-10:00", "Europe/Berlin", ("2026-12-31",)))
    assert mine == Brakes(Caps(5, 6, 3), 7, Hours("Tue 09:00-10:00", "Europe/Berlin", ("2026-12-31",)))


@pytest.mark.parametrize(
    ("own", "reason", "code"),
    [
        (Own(), "ok", "no_reason"),
        (Own(per_run=0), "it is small", "no_number"),
        (Own(percent=0), "it is small", "no_number"),
        (Own(percent=101), "it is small", "no_number"),
        (Own(release_above=-1), "it is small", "no_number"),
        (Own(hours="nine to five"), "it is small", "no_hours"),
        (Own(zone="Mars/Olympus"), "it is small", "no_hours"),
        (Own(left_out=("christmas",)), "it is small", "no_hours"),
        (Own(1, 1, 0, "", "UTC", ()), "it is small", None),
    ],
)
def test_what_cannot_be_meant_is_refused(own: Own, reason: str, code: str | None) -> None:
    refusal = brakes.why_not_brake(own, reason)
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize("said", ["wrong people.", "wrong people!", "wrong people? ", "wrong people…"])
def test_a_reason_that_ends_is_given_no_second_end(said: str) -> None:
    no = brakes.why_not_go_on(brakes.Stop("Mo", make.NOW, said))
    assert no is not None
    assert no.reason.endswith(f": {said.strip()}")
