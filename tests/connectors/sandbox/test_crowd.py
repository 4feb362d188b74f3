"""An org of any size: the same for the same seed, as messy as real ones, and no larger in memory for being larger."""

from __future__ import annotations

import tracemalloc

from connectors.sandbox import keys, serve
from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish
from tests.connectors.sandbox.visitors import NOW, SEED


def made(crowd: int, sign_ins: int = 0, each: int = 10) -> tuple[object, int]:
    """A new org's database, and the most memory that making it took (SQLite's own not counted)."""
    keys.load(None, "salesforce")
    tracemalloc.start()
    pretender, _ = serve.opened(
        "salesforce", home=None, clock=Clock(NOW), wish=Wish(SEED, 80, 1, crowd=crowd, each=each, sign_ins=sign_ins)
    )
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return pretender.world.store, most  # type: ignore[attr-defined]


def rows(store: object, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in store.rows(sql)]  # type: ignore[attr-defined]


def test_a_crowd_is_the_same_for_the_same_seed_and_has_what_was_asked_for() -> None:
    one, _ = made(400, sign_ins=3)
    other, _ = made(400, sign_ins=3)
    everybody = 'SELECT * FROM "User" WHERE "Username" LIKE \'crowd%\' ORDER BY "Id"'
    assert rows(one, everybody) == rows(other, everybody)
    assert len(rows(one, everybody)) == 400
    held = '"PermissionSetAssignment" a JOIN "User" u ON u."Id" = a."AssigneeId" WHERE u."Username" LIKE \'crowd%\''
    assert rows(one, f"SELECT COUNT(*) FROM {held}") == [(4000,)]
    seen = (
        'SELECT COUNT(*) FROM "LoginHistory" l JOIN "User" u ON u."Id" = l."UserId" WHERE u."Username" LIKE \'crowd%\''
    )
    assert rows(one, seen) == [(1200,)]
    assert (
        rows(
            one, 'SELECT 1 FROM "PermissionSetAssignment" GROUP BY "AssigneeId", "PermissionSetId" HAVING COUNT(*) > 1'
        )
        == []
    )


def test_a_crowd_is_messy() -> None:
    store, _ = made(2000)
    crowd = '"User" WHERE "Username" LIKE \'crowd%\''
    assert rows(store, f'SELECT 1 FROM {crowd} AND "UserType" IS NULL')
    assert rows(store, f'SELECT 1 FROM {crowd} AND "LastLoginDate" IS NULL')
    assert rows(store, f'SELECT "Email" FROM {crowd} GROUP BY lower("Email") HAVING COUNT(*) > 1')
    assert rows(store, f"SELECT 1 FROM {crowd} AND \"Name\" LIKE '田中%'")
    assert rows(store, 'SELECT 1 FROM "User" WHERE "Id" NOT IN (SELECT "UserId" FROM "UserLogin")')


def test_a_larger_crowd_takes_no_more_memory() -> None:
    _, small = made(2_000, each=2)
    _, large = made(8_000, each=2)
    assert large < small * 1.5, (small, large)
