"""hook: programs that decide for a reviewer, by messages they sign."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.actors import hooks, queries
from app.actors.tables import HookRow
from app.cli.acting import named
from app.cli.installation import address, opened, operator
from app.cli.telling import Telling
from app.kit import clock
from app.kit.refusal import Refusal, Refused


def make(telling: Telling, name: str, label: str, days: int) -> None:
    """Make a hook and show where it posts to and its secret, once."""
    with opened() as means, means.database.transaction() as session:
        row, signing = hooks.make(
            session, named(session, name), label, days=days, keys=means.keys, by=operator(), at=clock.now()
        )
        telling.say(f"{row.label} decides for {name}: not on privileged access, and until {row.expires:%Y-%m-%d}.")
        where = address(means) + hooks.path(row.id)
    print(f"{where}\n{signing}")


def listed(telling: Telling, name: str) -> None:
    """An actor's hooks."""
    with opened() as means, means.database.reading() as session:
        rows = queries.hooks_of(session, named(session, name).id)
    telling.table(
        ("id", "label", "made", "expires", "last used", "ended"),
        ((row.id, row.label, row.made, row.expires, row.last_used, row.ended) for row in rows),
    )
    columns = ("id", "label", "made", "expires", "overlap_until", "last_used", "ended")
    telling.answer([{column: getattr(row, column) for column in columns} for row in rows])


def rotate(telling: Telling, hook: str) -> None:
    """Give a hook another secret and show it, once."""
    with opened() as means, means.database.transaction() as session:
        signing = hooks.rotate(session, _found(session, hook), keys=means.keys, by=operator(), at=clock.now())
    telling.say("The former secret counts beside this one for a day:")
    print(signing)


def end(telling: Telling, hook: str) -> None:
    """End a hook."""
    with opened() as means, means.database.transaction() as session:
        hooks.end(session, _found(session, hook), by=operator(), at=clock.now())
    telling.say("It decides no more; what it decided stays.")


def _found(session: Session, hook: str) -> HookRow:
    row = session.get(HookRow, hook)
    if row is None:
        raise Refused(Refusal("no_hook", f"There is no hook {hook!r}.", "See `rolecall hook list`."))
    return row
