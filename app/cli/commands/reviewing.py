"""campaign and decide: reviews, from opening to closing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason
from app.cli.telling import Telling

campaign_app = typer.Typer(
    no_args_is_help=True, help="Reviews: open, list, show, hand on, close, cancel; drift; schedules."
)


@campaign_app.command("open")
def campaign_open(
    name: str,
    fallback: Annotated[str, typer.Option(help="Roster id of who decides in the last resort.")],
    second: Annotated[str | None, typer.Option(help="Another, for the fallback's own access.")] = None,
    systems: Annotated[list[str] | None, typer.Option("--system", help="A system's name; all without.")] = None,
    days: Annotated[int | None, typer.Option(help="Days until it is due.")] = None,
    scope: Annotated[Path | None, typer.Option(help="JSON file with a scope, as in docs/reviews.md.")] = None,
    override: Annotated[str | None, typer.Option(help="A second person's word, from POST /api/v1/overrides.")] = None,
    approval: Annotated[
        str | None, typer.Option(help="The approver's word for what the scope leaves out, from POST /api/v1/approvals.")
    ] = None,
    acceptance: Annotated[
        str | None, typer.Option(help="The control owner's word, from `campaign accept` or POST /api/v1/acceptances.")
    ] = None,
    control_owner: Annotated[
        str | None, typer.Option(help="Roster id of who accepts it and signs its outcome.")
    ] = None,
    many_answers: Annotated[
        str | None, typer.Option(help="Why somebody has more answers than ROLECALL_CAMPAIGN_MOST_ANSWERS.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open a review, frozen at the latest readings. Refuses while one of them cannot be trusted."""
    from app.cli import campaign

    campaign.open_one(
        Telling(as_json), name, fallback, second, systems, days, scope, override, approval, acceptance, control_owner,
        many_answers,
    )  # fmt: skip


@campaign_app.command("list")
def campaign_list(as_json: AsJson = False) -> None:
    """Reviews, the latest first."""
    from app.cli import campaign

    campaign.listed(Telling(as_json))


@campaign_app.command("show")
def campaign_show(name: str, as_json: AsJson = False) -> None:
    """One review: progress by reviewer, drift, removals."""
    from app.cli import campaign

    campaign.show(Telling(as_json), name)


@campaign_app.command("items")
def campaign_items(name: str, reviewer: Annotated[str, typer.Option("--as")], as_json: AsJson = False) -> None:
    """One reviewer's items, riskiest first, with what is known beside each."""
    from app.cli import campaign

    campaign.items(Telling(as_json), name, reviewer)


@campaign_app.command("submit")
def campaign_submit(
    name: str,
    reviewer: Annotated[str, typer.Option("--as", help="Whose answers: roster id or e-mail address.")],
    as_json: AsJson = False,
) -> None:
    """Make a reviewer's answers stand. Before, they can be changed; afterwards only an administrator opens them again."""
    from app.cli import campaign

    campaign.submit(Telling(as_json), name, reviewer)


@campaign_app.command("close")
def campaign_close(
    name: str,
    unanswered: Annotated[
        str | None, typer.Option(help="keep or remove what has no answer, or policy: the review's rule.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Close a review, and carry out what was decided where writing is switched on."""
    from app.cli import campaign

    campaign.close(Telling(as_json), name, unanswered)


@campaign_app.command("remind")
def campaign_remind(
    name: str,
    who: Annotated[list[str] | None, typer.Option(help="A reviewer, by address or roster id; all without.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also who heard within a day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remind those who have not submitted."""
    from app.cli import campaign

    campaign.remind(Telling(as_json), name, who or [], again)


@campaign_app.command("rounds")
def campaign_rounds(name: str, as_json: AsJson = False) -> None:
    """The rounds of a review: what each was asked, and where it stands."""
    from app.cli import silent

    silent.rounds(Telling(as_json), name)


@campaign_app.command("next-round")
def campaign_next_round(
    name: str,
    resort: Annotated[str | None, typer.Option(help="Roster id of who is asked where nobody else is left.")] = None,
    as_json: AsJson = False,
) -> None:
    """Begin a review's next round now: it is done, or due."""
    from app.cli import silent

    silent.next_round(Telling(as_json), name, resort)


@campaign_app.command("silence")
def campaign_silence(
    name: str,
    answer: Annotated[str | None, typer.Option(help="keep, remove or policy; the review's own rule without.")] = None,
    as_json: AsJson = False,
) -> None:
    """What closing would make of what nobody answered, before it does."""
    from app.cli import silent

    silent.preview(Telling(as_json), name, answer)


@campaign_app.command("pass-on")
def campaign_pass_on(
    name: str,
    reason: Reason,
    to: Annotated[
        str, typer.Option(help="manager: the reviewers' managers. owner: the systems' owners, once.")
    ] = "owner",
    as_json: AsJson = False,
) -> None:
    """Hand what nobody answered to managers or owners."""
    from app.cli import silent

    silent.pass_on(Telling(as_json), name, to, reason)


@campaign_app.command("cancel")
def campaign_cancel(name: str, reason: Reason) -> None:
    """End a review without consequences. What was decided stays on record."""
    from app.cli import campaign

    campaign.cancel(Telling(), name, reason)


@campaign_app.command("hand-on")
def campaign_hand_on(
    name: str,
    giver: Annotated[str, typer.Option("--from", help="Whose items: roster id or e-mail address.")],
    taker: Annotated[str, typer.Option("--to", help="The new reviewer: roster id or e-mail address.")],
    reason: Reason,
    items: Annotated[list[int] | None, typer.Option("--item", help="Only this item; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a reviewer's items to another, who must be as independent."""
    from app.cli import campaign

    campaign.hand_on(Telling(as_json), name, giver, taker, reason, items or [])


@campaign_app.command("delegate")
def campaign_delegate(
    giver: Annotated[str, typer.Option("--from", help="Whose reviewing: roster id or e-mail address.")],
    taker: Annotated[str, typer.Option("--to", help="Who does it: roster id or e-mail address.")],
    until: Annotated[str, typer.Option(help="Its end (ISO, with zone); at most 366 days.")],
    reason: Reason,
    scope: Annotated[
        str | None,
        typer.Option(help="An expression over campaign, system, kind, privileged and subject; everything without."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody else review for a time, in all reviews. It ends by itself."""
    from app.cli import delegation

    delegation.make(Telling(as_json), giver, taker, until, reason, scope)


@campaign_app.command("delegations")
def campaign_delegations(as_json: AsJson = False) -> None:
    """Who reviews for whom, now or later."""
    from app.cli import delegation

    delegation.listed(Telling(as_json))


@campaign_app.command("delegation-end")
def campaign_delegation_end(
    number: Annotated[int, typer.Argument(metavar="DELEGATION", help="Its number in the list.")],
    as_json: AsJson = False,
) -> None:
    """End one before its time. What was not answered goes back."""
    from app.cli import delegation

    delegation.end(Telling(as_json), number)


@campaign_app.command("drift")
def campaign_drift(name: str, as_json: AsJson = False) -> None:
    """List now what began, ended or changed since a review was frozen."""
    from app.cli import drifting

    drifting.listed(Telling(as_json), name)


@campaign_app.command("drift-decide")
def campaign_drift_decide(
    drift: Annotated[int, typer.Argument(help="Its number in the list.")],
    answer: Annotated[str, typer.Argument(help="keep or remove.")],
    who: Annotated[str, typer.Option("--as", help="The administrator who decides: roster id or e-mail address.")],
    reason: Reason,
    seen: Annotated[
        int | None, typer.Option(help="Its version in the list; needed if it changed since it was listed first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide on what began or changed while a review runs. Nobody decides on their own access."""
    from app.cli import drifting

    drifting.decide(Telling(as_json), drift, answer, who, reason, seen)


@campaign_app.command("import")
def campaign_import(
    system: Annotated[str, typer.Argument(help="A system's name or number.")],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX, as in docs/reviews.md.")],
    name: Annotated[str, typer.Option(help='Which review it was: "Q3 in the old tool".')],
    as_json: AsJson = False,
) -> None:
    """Import the answers of a review that was made elsewhere, as history beside yours. All of them, or none."""
    from app.cli import importing

    importing.take(Telling(as_json), system, file, name)


def decide(
    item: int,
    answer: Annotated[str, typer.Argument(help="keep, remove or change; or not_mine, cannot_say.")],
    reviewer: Annotated[str, typer.Option("--as", help="Whose answer this is: roster id or e-mail address.")],
    reason: Reason = "",
    change_to: Annotated[str | None, typer.Option("--to", help="With change: the entitlement's key.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="With remove: it may stay until this day.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Pass on a reviewer's decision about an item. Nobody decides on their own access."""
    from app.cli import campaign

    campaign.decide(Telling(as_json), item, answer, reviewer, reason, change_to, until and until.replace(tzinfo=UTC))
