"""system credential: another way in, checked before the former one is given up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from app.inventory import systems
from app.inventory.tables import SystemRow
from app.kit import clock
from connectors import registry
from connectors.connector import Coverage, Keep, Secret
from tests import make
from tests.app.cli.saying import Place, secret


def held(place: Place, name: str) -> dict[str, Any]:
    """The stored credentials of a system, and whose they are."""
    with place.means() as means, means.database.reading() as session:
        row = session.query(SystemRow).filter_by(name=name).one()
        return {
            role: means.keys.open_mapping(sealed, where=systems.place(row.id, role)) if sealed else None
            for role, sealed in (("reader", row.reader_secret), ("executor", row.executor_secret))
        } | {"principal": row.principal}


def file(place: Place, **given: str) -> str:
    path = place.home / "new.json"
    path.write_text(json.dumps(given))
    return str(path)


def test_a_new_credential_is_checked_and_the_other_one_stays(place: Place) -> None:
    before = held(place, "Sales org")
    new = file(place, **secret(place, "salesforce", "reader"))
    told = place.rolecall("system", "credential", "Sales org", "--reader", new, "--json").json()
    assert told["changed"].keys() == {"reader"}
    assert held(place, "Sales org") == before
    assert before["principal"] is not None  # so that no removal aims at our own account meanwhile
    shown = place.rolecall("system", "credential", "Sales org", "--reader", new).well()
    assert "signed in as" in shown.all
    assert "records" in place.rolecall("sync", "Sales org").well().out


def test_one_that_the_crm_refuses_changes_nothing_and_is_not_shown(place: Place) -> None:
    before = held(place, "Portal")
    for role in ("reader", "executor"):
        said = place.rolecall(
            "system", "credential", "Portal", f"--{role}", file(place, token="pat-na1-wr0ng")
        ).refused()
        assert "wr0ng" not in said.all
    assert held(place, "Portal") == before


def test_what_is_no_change_is_refused_before_anything_is_asked(place: Place) -> None:
    place.rolecall("system", "credential", "Portal").refused("--reader")
    place.rolecall("system", "credential", "People", "--reader", file(place, token="x")).refused("roster")
    place.rolecall("system", "credential", "Nobody's", "--reader", file(place, token="x")).refused("Nobody's")
    same = file(place, **secret(place, "hubspot", "reader"))
    place.rolecall("system", "credential", "Portal", "--executor", same).refused("is the reader's")
    place.rolecall("system", "credential", "Portal", "--reader", same, "--executor", same).refused("is the reader's")


# --- a CRM whose tokens are good for one use ---

spent: set[str] = set()
ORG = {"of": "org-1"}


class OneUse:
    """Lets each token in once, and gives the next one for it."""

    def __init__(self, _config: Any, given: Secret, keep: Keep) -> None:
        self._given, self._keep = given, keep

    def check(self) -> Coverage:
        token = self._given["refresh"]
        if token in spent:
            raise ValueError("this token was used before")
        spent.add(token)
        self._keep({"refresh": token + "+"})
        return Coverage(ORG["of"], "One use", "me", {})

    def close(self) -> None: ...


@pytest.fixture
def one_use(place: Place) -> Iterator[Place]:
    spent.clear()
    registry.add("one_use", cast(ModuleType, SimpleNamespace(open_reader=OneUse, open_executor=OneUse)))
    ORG["of"] = "org-1"
    with place.means() as means, means.database.transaction() as session:
        row = make.system(session, name="Once", kind="one_use", key="org-1")
        systems.change_credentials(
            session, row, reader={"refresh": "old"}, keys=means.keys, by=make.ADMIN, at=clock.now()
        )
    yield place
    with place.means() as means, means.database.transaction() as session:
        session.delete(session.query(SystemRow).filter_by(name="Once").one())
    registry._added.pop("one_use")


def test_what_a_single_use_credential_was_exchanged_for_is_kept(one_use: Place) -> None:
    one_use.rolecall("system", "credential", "Once", "--reader", file(one_use, refresh="a")).well()
    assert held(one_use, "Once")["reader"] == {"refresh": "a+"}
    assert held(one_use, "Once")["principal"] == "me"


def test_the_same_one_for_both_is_refused_before_it_is_spent(one_use: Place) -> None:
    same = file(one_use, refresh="a")
    one_use.rolecall("system", "credential", "Once", "--reader", same, "--executor", same).refused("is the reader's")
    assert spent == set()


def test_a_credential_of_another_org_is_refused(one_use: Place) -> None:
    ORG["of"] = "org-2"
    one_use.rolecall("system", "credential", "Once", "--reader", file(one_use, refresh="a")).refused("org-1", "org-2")
    assert held(one_use, "Once")["reader"] == {"refresh": "old"}
