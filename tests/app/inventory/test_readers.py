"""Opening what was stored, and keeping what a CRM rotates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.inventory import readers, rosters, systems
from app.kit.refusal import Refused
from connectors.connector import Config, Secret
from connectors.errors import Denied
from connectors.roster import reader as roster_reader
from tests import fake_connector, make
from tests.app.inventory.conftest import EXECUTOR, READER, Connected, system_of


def stored(crm: Connected, role: str = "reader") -> Secret:
    with crm.database.reading() as session:
        system = system_of(session, crm)
        sealed = system.reader_secret if role == "reader" else system.executor_secret
        assert sealed is not None
        return crm.keys.open_mapping(sealed, where=systems.place(system.id, role))


def test_a_reader_is_opened_with_its_own_credential_and_closed(crm: Connected) -> None:
    crm.world.token = READER["token"]
    with readers.open_reader(crm.database, crm.system_id, crm.keys) as reader:
        assert reader.check().system_key == "org-1"
    assert isinstance(reader, fake_connector.FakeReader)
    assert reader.closed


def test_what_is_rotated_is_durable_before_it_is_used(crm: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CRM has forgotten the old token by then: whoever looks from elsewhere must find the new one."""
    crm.world.token, crm.world.rotates = READER["token"], True
    with readers.open_reader(crm.database, crm.system_id, crm.keys) as reader:
        reader.check()
        assert stored(crm)["token"] == crm.world.token == "token-2"
        reader.check()
        assert stored(crm)["token"] == crm.world.token == "token-3"
    with readers.open_reader(crm.database, crm.system_id, crm.keys) as reader:
        reader.check()
    assert stored(crm, "executor") == EXECUTOR


def test_a_crash_after_a_rotation_does_not_lock_us_out(crm: Connected) -> None:
    crm.world.token, crm.world.rotates = READER["token"], True

    def crash() -> None:
        with readers.open_reader(crm.database, crm.system_id, crm.keys) as reader:
            reader.check()
            raise fake_connector.Crash

    with pytest.raises(fake_connector.Crash):
        crash()
    with readers.open_reader(crm.database, crm.system_id, crm.keys) as reader:
        reader.check()


def test_a_rotation_keeps_what_the_connector_did_not_name(crm: Connected) -> None:
    readers.credentials_keep(crm.database, crm.system_id, "reader", crm.keys)({"refresh": "r2"})
    assert stored(crm) == {**READER, "refresh": "r2"}


def test_a_rotation_does_not_overwrite_a_credential_that_an_admin_replaced_meanwhile(crm: Connected) -> None:
    keep = readers.credentials_keep(crm.database, crm.system_id, "reader", crm.keys)
    with crm.database.transaction() as session:
        systems.change_credentials(
            session, system_of(session, crm), reader={"token": "new"}, keys=crm.keys, by=make.ADMIN, at=make.NOW
        )
    with pytest.raises(readers.Superseded):
        keep({"token": "rotated"})
    assert stored(crm) == {"token": "new"}


def test_the_executors_access_is_its_own_and_does_not_print_its_secret(crm: Connected) -> None:
    access = readers.executor_access(crm.database, crm.system_id, crm.keys)
    assert access.secret == EXECUTOR
    assert "s3cret" not in repr(access)
    access.keep({"token": "executor-2"})
    assert stored(crm, "executor") == {"token": "executor-2"}
    assert stored(crm) == READER


def test_a_system_without_executor_gives_none(crm: Connected) -> None:
    with crm.database.transaction() as session:
        bare = systems.add(
            session, name="B", kind="fake", config={"world": "acme"}, reader=READER, keys=crm.keys, by=make.ADMIN,
            at=make.NOW,
        )  # fmt: skip
    with pytest.raises(Refused):
        readers.executor_access(crm.database, bare.id, crm.keys)
    with pytest.raises(Refused):
        readers.executor_access(crm.database, 99, crm.keys)


def test_a_wrong_token_is_the_connectors_to_refuse(crm: Connected) -> None:
    crm.world.token = "another"
    with readers.open_reader(crm.database, crm.system_id, crm.keys) as reader, pytest.raises(Denied):
        reader.check()


def test_a_roster_is_read_from_what_was_handed_in_and_leaves_no_file(
    crm: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    plain = roster_reader.RosterReader.__init__

    def noting(self: Any, config: Config) -> None:
        opened.append(Path(config["path"]))
        assert opened[-1].stat().st_mode & 0o077 == 0
        plain(self, config)

    monkeypatch.setattr(roster_reader.RosterReader, "__init__", noting)
    with crm.database.transaction() as session:
        roster = systems.add(
            session, name="Staff", kind="roster", config={}, reader={}, keys=crm.keys, by=make.ADMIN, at=make.NOW
        )
        content = b"id,emails,name,manager,start,end\np1,bo@example.com,Bo,,,\n"
        rosters.upload(session, roster, content, source="HR", extracted_at=make.NOW, by=make.ADMIN, at=make.NOW)
    with readers.open_reader(crm.database, roster.id, crm.keys) as reader:
        assert reader.check().system_name == "HR"
    assert len(opened) == 1
    assert not opened[0].exists()
