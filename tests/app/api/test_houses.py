"""Houses for tests: what they share is what nobody changes."""

from __future__ import annotations

from app.kit.db import Database
from tests.app.api.house import app_over, means_over


def test_apps_share_routes_and_their_description_and_nothing_else() -> None:
    one, other = (app_over(means_over(Database("sqlite://"))) for _ in range(2))
    assert one.router is other.router
    assert one.openapi() is other.openapi()
    assert one.state.means is not other.state.means
    assert one.user_middleware is not other.user_middleware
    assert one.exception_handlers is not other.exception_handlers
