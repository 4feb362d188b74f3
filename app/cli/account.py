"""account: what one login of one system holds, whoever it belongs to: a machine's and nobody's too."""

from __future__ import annotations

from app.cli.installation import find_system, opened
from app.cli.person import past_day, tell_past
from app.cli.telling import Telling
from app.inventory import past
from app.inventory import queries as inventory
from app.kit import clock
from app.kit.refusal import Refusal, Refused


def access(telling: Telling, system: str, who: str, on: str | None) -> None:
    """What an account holds and may do, at the end of a past day or now."""
    with opened() as means:
        moment = past_day(means, on)[1] if on else clock.now()
        with means.database.reading() as session:
            of = find_system(session, system)
            row = inventory.find_account(session, of.id, who)
            if row is None:
                told = f"{of.name} has shown no account with the id or sign-in name {who!r}."
                raise Refused(Refusal("no_account", told, "The id is the CRM's own; see the account's page."))
            (then,) = past.access(session, [row.id], moment)
            name = of.name
    tell_past(telling, then, name)
    telling.answer(then)
