"""What entitlements are made of, and whether that changed."""

from __future__ import annotations

from app.inventory import composition, contents
from app.inventory.composition import Contents
from app.kit.db import Database
from tests import make


def test_who_is_in_a_group_counts_through_every_nesting_once_and_a_circle_ends(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        make.snapshot(session, system)
        outer, middle, inner = (make.entitlement(session, system, kind="group") for _ in range(3))
        make.edge(session, middle, outer)
        make.edge(session, inner, middle)
        make.edge(session, outer, inner)  # a circle
        one, two, off = (make.account(session, system, active=each) for each in (True, None, False))
        make.grant(session, one, outer)
        make.grant(session, one, inner)
        make.grant(session, two, inner)
        make.grant(session, off, inner)
        found = contents.contents(session, [outer.id, middle.id])
        assert (found[outer.id].direct, found[outer.id].reached) == (1, 2)
        assert (found[middle.id].direct, found[middle.id].reached) == (0, 2)
        assert found[outer.id].inside == (middle.key,)
        assert found[middle.id].includes == (outer.key,)


def test_what_a_definition_allows_is_read_from_all_that_tells_it(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        streams = dict.fromkeys(("accounts", "entitlements", "grants", "object_rights"), "complete")
        make.snapshot(session, system, streams=streams)
        profile = make.entitlement(session, system, kind="profile", privileges=["see_all", "export"], native=["B", "A"])
        for ended in (None, make.NOW):
            make.observation(
                session, system, "object_rights", entitlement_id=profile.id, name="Contact",
                facts={"read": True, "edit": True, "delete": None}, ended=ended,
            )  # fmt: skip
        told = contents.contents(session, [profile.id])[profile.id]
        assert told.privileges == ("export", "see_all")
        assert told.native == ("A", "B")
        assert told.rights == ("Contact: read, edit",)
        assert told.people is None


def test_rights_that_were_not_read_whole_are_not_told(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        make.snapshot(session, system)
        role = make.entitlement(session, system)
        assert contents.contents(session, [role.id])[role.id].rights is None


def test_a_groups_digest_follows_its_members_and_a_definitions_does_not(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        make.snapshot(session, system)
        group, role = make.entitlement(session, system, kind="queue"), make.entitlement(session, system)
        before = contents.contents(session, [group.id, role.id])
        account = make.account(session, system)
        make.grant(session, account, group)
        make.grant(session, account, role)
        now = contents.contents(session, [group.id, role.id])
        was = {number: composition.parts(each) for number, each in before.items()}
        parts = {number: composition.parts(each) for number, each in now.items()}
        assert composition.differing(was[group.id], parts[group.id]) == ["members"]
        assert composition.differing(was[role.id], parts[role.id]) == []


def test_what_was_not_told_at_one_of_two_moments_has_not_changed() -> None:
    dark = composition.parts(Contents(1, gathers=False, privileges=None))
    told = composition.parts(Contents(1, gathers=False, privileges=("export",)))
    other = composition.parts(Contents(1, gathers=False, privileges=()))
    assert composition.differing(dark, told) == []
    assert composition.differing(told, dark) == []
    assert composition.differing(told, other) == ["privileges"]
