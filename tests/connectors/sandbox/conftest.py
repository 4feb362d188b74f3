"""Sandboxes for the tests: one of each that is only read, and fresh ones for whoever changes something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox import keys
from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish
from connectors.sandbox.salesforce import front, world
from connectors.sandbox.serve import Running, start
from connectors.sandbox.store import Store
from tests.connectors.sandbox import visitors
from tests.connectors.sandbox.visitors import NOW, SEED, Org, Portal


@pytest.fixture(scope="session", autouse=True)
def _one_set_of_keys() -> Iterator[None]:
    """Making RSA keys takes longer than starting a sandbox, so all homeless ones of a run share theirs."""
    made = {kind: keys.load(None, kind) for kind in ("salesforce", "hubspot")}
    true, keys.load = keys.load, lambda home, kind: made[kind] if home is None else true(home, kind)
    yield
    keys.load = true


@pytest.fixture(scope="session", autouse=True)
def _one_writing_of_each_org() -> Iterator[None]:
    """Writing an org takes longer than most of what is asked of it, so homeless ones alike begin as copies of the first."""
    written: dict[tuple[Wish, date], bytes] = {}
    write = world.open_world

    def opened(home: Path | None, clock: Clock, keys: dict[str, Any], wish: Wish) -> world.World:
        alike = (wish, clock.now().date())
        if home is not None or wish.crowd:
            return write(home, clock, keys, wish)
        if alike not in written:
            made = write(None, clock, keys, wish)
            written[alike] = made.store.db.serialize()
            return made
        store = Store(None)
        store.db.deserialize(written[alike])
        return world.World(store, clock, keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "open_world", opened)
        yield


@pytest.fixture(scope="session")
def read_salesforce(_one_set_of_keys: None, _one_writing_of_each_org: None) -> Iterator[Running]:
    running = start("salesforce", home=None, seed=SEED, now=NOW)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def read_hubspot(_one_set_of_keys: None) -> Iterator[Running]:
    running = start("hubspot", home=None, seed=SEED, now=NOW)
    yield running
    running.stop()


@pytest.fixture
def org(read_salesforce: Running) -> Org:
    """The reader of an org that nobody changes."""
    return visitors.org(read_salesforce)


@pytest.fixture
def portal(read_hubspot: Running) -> Portal:
    """The reader of a portal that nobody changes."""
    return visitors.portal(read_hubspot)


@pytest.fixture
def salesforce() -> Iterator[Running]:
    """An org of one's own."""
    running = start("salesforce", home=None, seed=SEED, people=80, now=NOW)
    yield running
    running.stop()


@pytest.fixture
def hubspot() -> Iterator[Running]:
    """A portal of one's own."""
    running = start("hubspot", home=None, seed=SEED, people=80, now=NOW)
    yield running
    running.stop()


@pytest.fixture
def reader(salesforce: Running) -> Org:
    return visitors.org(salesforce)


@pytest.fixture
def executor(salesforce: Running) -> Org:
    return visitors.org(salesforce, "executor")


@pytest.fixture
def portal_reader(hubspot: Running) -> Portal:
    return visitors.portal(hubspot)


@pytest.fixture
def portal_executor(hubspot: Running) -> Portal:
    return visitors.portal(hubspot, "executor")


@pytest.fixture(scope="module")
def salesforce_module(_one_set_of_keys: None, _one_writing_of_each_org: None) -> Iterator[Org]:
    """The reader of an org whose rights a module's tests turn on and off, each beginning with all of them."""
    running = start("salesforce", home=None, seed=SEED, people=80, now=NOW)
    yield visitors.org(running)
    running.stop()
