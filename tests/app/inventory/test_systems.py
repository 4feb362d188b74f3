"""Connecting systems."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import String, cast, inspect, select, text

from app.inventory import systems
from app.inventory.tables import SystemRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys, Tampered
from app.ledger.tables import EntryRow
from connectors.connector import ActKind
from tests import fake_connector, make
from tests.app.inventory.conftest import EXECUTOR, READER, Connected, system_of

BY: dict[str, Any] = {"by": make.ADMIN, "at": make.NOW}


def _text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value)


def refused(call: Any, code: str) -> None:
    with pytest.raises(Refused) as caught:
        call()
    assert caught.value.refusal.code == code


def test_a_system_starts_read_only(crm: Connected) -> None:
    with crm.database.reading() as session:
        system = system_of(session, crm)
        assert system.writing == []
        assert system.key is None


def test_a_secret_opens_only_in_its_own_row_and_role(crm: Connected) -> None:
    with crm.database.reading() as session:
        system = system_of(session, crm)
        assert system.reader_secret is not None
        place = systems.place(system.id, systems.READER)
        assert crm.keys.open_mapping(system.reader_secret, where=place) == READER
        for elsewhere in (systems.place(system.id, systems.EXECUTOR), systems.place(system.id + 1, systems.READER)):
            with pytest.raises(Tampered):
                crm.keys.open_mapping(system.reader_secret, where=elsewhere)


def test_no_secret_stands_in_the_clear_anywhere(staffed: Connected) -> None:
    """Neither in a row, nor in a receipt, nor in an entry, after everything a system goes through."""
    crm = staffed
    crm.world.rotates = True
    crm.world.token = READER["token"]
    crm.read(reader=fake_connector.FakeReader(crm.world, READER))
    with crm.database.transaction() as session:
        system = system_of(session, crm)
        systems.switch_writing(session, system, [ActKind.DEACTIVATE], **BY)
        systems.change_credentials(session, system, reader={"token": "fresh-s3cret"}, keys=crm.keys, **BY)
        systems.rotate(session, keys=crm.keys, **BY)
    with crm.database.reading() as session:
        engine = session.get_bind()
        for table in inspect(engine).get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                told = " ".join(_text(value) for value in row)
                assert "s3cret" not in told, table


def test_each_act_is_entered_with_its_author(crm: Connected) -> None:
    with crm.database.transaction() as session:
        systems.switch_writing(session, system_of(session, crm), [ActKind.FREEZE], **BY)
    with crm.database.reading() as session:
        kinds = session.execute(select(EntryRow.kind, EntryRow.author).order_by(EntryRow.id)).all()
    assert [tuple(each) for each in kinds] == [
        ("system.added", make.ADMIN.id),
        ("writing.switched", make.ADMIN.id),
    ]


def test_writing_is_switched_on_per_kind_of_act_and_off_again(crm: Connected) -> None:
    with crm.database.transaction() as session:
        system = system_of(session, crm)
        systems.switch_writing(session, system, [ActKind.REMOVE_GRANT, ActKind.DEACTIVATE], **BY)
        assert system.writing == ["deactivate", "remove_grant"]
        systems.switch_writing(session, system, [], **BY)
        assert system.writing == []


def test_without_an_executor_a_system_stays_read_only(database: Database, keys: Keys) -> None:
    fake_connector.register()
    with database.transaction() as session:
        system = systems.add(session, name="A", kind="fake", config={}, reader=READER, keys=keys, **BY)
        refused(lambda: systems.switch_writing(session, system, [ActKind.FREEZE], **BY), "no_executor")


def test_the_executor_may_not_enter_by_the_readers_credential(crm: Connected) -> None:
    def again(**given: Any) -> Any:
        return lambda: systems.add(
            session, **({"name": "B", "kind": "fake", "config": {}, "keys": crm.keys} | given), **BY
        )

    with crm.database.transaction() as session:
        refused(again(reader=READER, executor=READER), "same_credential")
        refused(again(reader=READER, name="Acme"), "name_taken")
        refused(again(reader=READER, name=" "), "no_name")
        refused(again(reader=READER, kind="abacus"), "unknown_kind")
        system = system_of(session, crm)
        change = systems.change_credentials
        refused(lambda: change(session, system, executor=READER, keys=crm.keys, **BY), "same_credential")
        refused(lambda: change(session, system, reader=EXECUTOR, keys=crm.keys, **BY), "same_credential")


def test_changing_one_credential_leaves_the_other(crm: Connected) -> None:
    with crm.database.transaction() as session:
        system = system_of(session, crm)
        before = system.executor_secret
        systems.change_credentials(session, system, reader={"token": "new"}, keys=crm.keys, **BY)
        assert system.executor_secret == before
        assert system.reader_secret is not None
        opened = crm.keys.open_mapping(system.reader_secret, where=systems.place(system.id, "reader"))
    assert opened == {"token": "new"}


def test_a_check_pins_the_org_and_another_one_is_refused(crm: Connected) -> None:
    with crm.database.transaction() as session:
        system = system_of(session, crm)
        assert systems.pin(session, system, key="org-1", principal="reader-1", **BY)
        assert not systems.pin(session, system, key="org-1", principal="reader-1", **BY)
        assert systems.pin(session, system, key="org-1", principal="executor-1", role="executor", **BY)
        assert (system.key, system.principal, system.executor_principal) == ("org-1", "reader-1", "executor-1")
        refused(lambda: systems.pin(session, system, key="org-2", principal="reader-1", **BY), "another_org")
        assert system.key == "org-1"


def test_whoever_comes_second_is_told_so(crm: Connected) -> None:
    with crm.database.reading() as other:
        stale = system_of(other, crm)
    with crm.database.transaction() as session:
        systems.switch_writing(session, system_of(session, crm), [ActKind.FREEZE], **BY)
    with crm.database.transaction() as session:
        refused(lambda: systems.switch_writing(session, stale, [ActKind.RESTORE], **BY), "changed_meanwhile")
        assert session.scalar(select(cast(SystemRow.writing, String))) == '["freeze"]'


def test_a_new_key_seals_every_secret_anew(crm: Connected) -> None:
    fresh = Keys(b"n" * 32, [b"k" * 32])
    with crm.database.transaction() as session:
        assert systems.rotate(session, keys=fresh, **BY) == 2
        assert systems.rotate(session, keys=fresh, **BY) == 0
    with crm.database.reading() as session:
        system = system_of(session, crm)
        assert system.reader_secret is not None
        alone = Keys(b"n" * 32)
        assert alone.open_mapping(system.reader_secret, where=systems.place(system.id, "reader")) == READER
