"""campaign accept, sign and owner: a control owner's word before a review opens, and their signature afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.actors.policy import May
from app.api import acceptances
from app.cli import second
from app.cli.installation import find_campaign, json_object, opened, operator
from app.cli.telling import Telling, shown
from app.inventory import queries as inventory
from app.kit import clock
from app.kit.refusal import Refused
from app.means import review_limits
from app.review import overrides, remainder, signatures
from app.stories import populations, signing

read = acceptances.read


def asked(
    scope: Path | None, fallback: str, another: str | None, systems: Sequence[str] | None, owner: str | None
) -> dict[str, Any]:
    """A scope as the command line says it."""
    said: dict[str, Any] = json_object(scope, "docs/reviews.md") if scope else {"systems": list(systems or ()) or "all"}
    said |= {"fallback": fallback} | ({"second_fallback": another} if another else {})
    return said | ({"control_owner": owner} if owner else {})


def changed(scope: Path | None, owner: str | None) -> dict[str, Any]:
    """What is said to be otherwise about a scope that there is."""
    said: dict[str, Any] = json_object(scope, "docs/reviews.md") if scope else {}
    return said | ({"control_owner": owner} if owner else {})


def accept(
    telling: Telling, name: str, scope: Mapping[str, Any], remark: str, token: Path, *, standing: bool, seen: str | None
) -> None:
    """Accept what a review would be of now, as whoever the token is of. Without `seen`, only show what that is."""
    with opened() as means:
        at, limits, presented = clock.now(), review_limits(means.settings), second.presented(token)
        with means.database.transaction() as session:
            by = second.person(session, presented, May.DECIDE, at=at)
            told = populations.look(session, name, scope, limits=limits, at=at)
            word = None
            if seen == told.digest:
                word = overrides.accept(
                    session, means.keys.derive("links"), name, scope, remark, limits=limits, by=by, at=at,
                    population=None if standing else told.digest,
                )  # fmt: skip
    telling.table(
        ("system", "kind", "items"),
        (
            (told.systems[number], kind, count)
            for number, kinds in told.told["items"].items()
            for kind, count in kinds.items()
        ),
    )
    telling.say(
        f"{told.items} items, {told.told['privileged']} privileged, about {told.told['people']} people; "
        f"{told.told['of_nobody']} are nobody's."
    )
    for each in told.excluded:
        telling.say(f"  left out: {remainder.told(each)}")
    if word is None:
        telling.say(f"Not accepted: say `--seen {told.digest}` if this is what it is to be of.")
    else:
        telling.say(f"Accepted by {by.name}. The word, good until {word.until:%H:%M} UTC:\n{word.sealed}")
    telling.answer(
        {"items": told.items, "digest": told.digest, "population": dict(told.told), "acceptance": word and word.sealed}
    )


def sign(telling: Telling, names: Sequence[str], remark: str, token: Path) -> None:
    """Sign what came of closed reviews, each by itself, as whoever the token is of: all of them, or none."""
    told = []
    with opened() as means:
        at, rows, presented = clock.now(), [find_campaign(means, name) for name in names], second.presented(token)
        with means.database.transaction() as session:
            by = second.person(session, presented, May.DECIDE, at=at)
            for found in rows:
                closed, removals = signatures.closure(session, found.id), signing.removals(session, found.id)
                try:
                    row = signatures.give(session, found.id, remark=remark, removals=removals, by=by, at=at)
                except Refused as no:
                    why = f"{found.name}: {no.refusal.reason}{' None of them is signed.' if len(rows) > 1 else ''}"
                    raise Refused(replace(no.refusal, reason=why)) from None
                counts = dict(closed.counts) if closed is not None else {}
                told.append((row.id, row.name, _answers(counts, row.unanswered), removals))
    for _, name, answers, removals in told:
        left = signing.unproved(removals)
        telling.say(
            f"{name} is signed by {by.name}: {answers}; removals: {shown(removals) or 'none'}, {left} not proved yet."
        )
    answer = [
        {"id": number, "signed_by": by.name, "removals": removals, "unproved": signing.unproved(removals)}
        for number, _, _, removals in told
    ]
    telling.answer(answer if len(answer) > 1 else answer[0])


def _answers(counts: Mapping[str, int], unanswered: str | None) -> str:
    """What was answered, in a line."""
    kept = counts.get("keep", 0) + counts.get("acknowledge", 0)
    said = [f"{kept} kept", f"{counts.get('remove', 0)} to be removed", f"{counts.get('change', 0)} to be changed"]
    if silent := counts.get("unanswered", 0):
        said.append(f"{silent} without an answer ({'to be removed' if unanswered == 'remove' else 'kept'})")
    return ", ".join(said)


def owner(telling: Telling, name: str, to: str, reason: str) -> None:
    """Name another control owner of a review that is not signed."""
    with opened() as means:
        found = find_campaign(means, name)
        with means.database.transaction() as session:
            person = inventory.whom(session, to)
            signatures.name(session, found.id, to_id=person.id, reason=reason, by=operator(), at=clock.now())
            called = person.name
    telling.say(f"{called} answers for {found.name} from now on, and signs what comes of it.")
    telling.answer({"id": found.id, "control_owner": called})
