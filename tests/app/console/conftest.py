"""The house for the tests of pages. `visiting.visitor(house, "ada")` is a browser that is signed in."""

from __future__ import annotations

from tests.app.api.conftest import house, house_on_both, shown_house

__all__ = ["house", "house_on_both", "shown_house"]
