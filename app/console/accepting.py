"""A control owner's word on a review that is set up: the address at which they are asked, and the word that was pasted.

The address is sealed, as for what is left out (`excluding`): what it shows is more than a reviewer may see.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.console import excluding, scoping
from app.kit.refusal import Refusal
from app.means import Means, review_limits
from app.review import overrides
from app.review.owning import Acceptance

_CODES = ("not_accepted", "bad_acceptance", "no_acceptance", "other_population")


def asking(means: Means, said: Mapping[str, Any], no: Refusal | None, *, standing: bool = False) -> str | None:
    """Where the control owner can accept it, if their word is what is missing. `standing`: for a schedule's reviews."""
    if no is not None and no.code not in _CODES:
        return None
    limits = review_limits(means.settings)
    with means.database.reading() as session:
        scope = excluding.scope(session, said)
        if not (scope.get("control_owner") or limits.control_owner):
            return None
        seal = overrides.asked_whole(means.keys.derive("links"), str(said["name"]), scope, limits=limits)
    kind = "&standing=yes" if standing else ""
    return f"{means.settings.base_url.rstrip('/')}/campaigns/new/acceptance?{scoping.query(said)}&seal={seal}{kind}"


def acceptance(
    session: Session, means: Means, said: Mapping[str, Any], name: str, of: Mapping[str, Any], at: datetime
) -> Acceptance | None:
    """The owner's word, if it was pasted."""
    if not said.get("acceptance"):
        return None
    keys, limits = means.keys.derive_all("links"), review_limits(means.settings)
    return overrides.acceptance(session, said["acceptance"], name, of, limits=limits, keys=keys, at=at)
