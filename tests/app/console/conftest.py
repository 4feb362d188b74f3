"""The house for the tests of pages. `visiting.visitor(house, "ada")` is a browser that is signed in."""

from __future__ import annotations

from tests.app.api.conftest import _app, _furnished, house, house_on_both, lent_app, shown_house

__all__ = ["_app", "_furnished", "house", "house_on_both", "lent_app", "shown_house"]
