"""Asking a system who we are there, before anything is kept."""

from __future__ import annotations

import pytest

from app.inventory import checks
from app.kit.refusal import Refused
from connectors.errors import Denied, Misread, Unreachable
from connectors.records import Stream
from tests import fake_connector

CONFIG = {"world": "checked"}


@pytest.fixture
def world() -> fake_connector.World:
    fake_connector.register("checked-kind")
    return fake_connector.world("checked")


def test_a_check_says_which_streams_can_be_read_and_what_the_others_lack(world: fake_connector.World) -> None:
    world.unreadable[Stream.LOGINS] = "Monitor Login History"
    told = checks.check("checked-kind", CONFIG, {"token": "s3cret"})
    assert (told.system_key, told.system_name, told.principal) == ("org-1", "Fake CRM", "reader-1")
    assert [(each.stream, each.missing) for each in told.lacking] == [("logins", "Monitor Login History")]
    assert len(told.streams) == len(world.streams)
    assert "s3cret" not in repr(told)


def test_a_credential_that_was_exchanged_is_handed_back_as_it_is_now(world: fake_connector.World) -> None:
    world.token, world.rotates = "first", True
    told = checks.check("checked-kind", CONFIG, {"token": "first"})
    assert told.secret == {"token": world.token} != {"token": "first"}


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (Denied("The key may read nothing.", missing="settings.users.read"), "may_nothing", 422),
        (Unreachable("No answer from crm.example.com."), "no_answer", 502),
        (Misread("That is not a CRM."), "no_answer", 502),
        (ValueError("url: it needs https"), "mistaken", 422),
    ],
)
def test_what_goes_wrong_is_a_refusal_with_a_way_out(
    world: fake_connector.World, error: Exception, code: str, status: int
) -> None:
    world.check_fault = error
    with pytest.raises(Refused) as no:
        checks.check("checked-kind", CONFIG, {})
    assert (no.value.refusal.code, no.value.refusal.status) == (code, status)
    assert str(error) in no.value.refusal.reason
    assert no.value.refusal.way_out
    if isinstance(error, Denied):
        assert "settings.users.read" in no.value.refusal.reason


def test_a_credential_of_another_org_is_refused(world: fake_connector.World) -> None:
    assert checks.check("checked-kind", CONFIG, {}, pinned="org-1").system_key == "org-1"
    with pytest.raises(Refused, match="Sales org is org-9, but this credential enters org-1"):
        checks.check("checked-kind", CONFIG, {}, pinned="org-9", name="Sales org")


def test_only_kinds_with_a_guide_are_connected_by_typing_things_in() -> None:
    assert {"salesforce", "hubspot", "bottlecrm"} <= set(checks.kinds())
    assert checks.guide("hubspot").name == "HubSpot"
    for kind in ("spreadsheet", "roster", "../etc", "nothing"):
        with pytest.raises(Refused) as no:
            checks.guide(kind)
        assert no.value.refusal.status == 404
