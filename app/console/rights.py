"""Who may open which page: one table. A page without a row stops the service from starting.

A page that is open to everyone (None) shows nothing of what is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.actors.policy import May

RIGHTS: Mapping[tuple[str, str], May | None] = {
    ("GET", "/sign-in"): None,
    ("GET", "/sign-in/provider"): None,
    ("GET", "/sign-in/callback"): None,
    ("POST", "/sign-out"): May.SEE_SELF,
    ("GET", "/links/{link}"): None,
    ("POST", "/links/{link}"): None,
    ("GET", "/first-admin/{link}"): None,
    ("POST", "/first-admin/{link}"): None,
}
