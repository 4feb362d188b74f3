"""Every command with its options and its one sentence of help; what they do is in the module named in each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.telling import Telling

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Rolecall: who can reach what in the CRM, who said it was all right, and how do we know?",
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Who = Annotated[str, typer.Argument(help="Roster id or e-mail address.")]
System = Annotated[str, typer.Argument(help="A system's name or number.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why.")]

demo_app = typer.Typer(invoke_without_command=True, help="The whole story on sandbox CRMs with a believable company.")
system_app = typer.Typer(no_args_is_help=True, help="Systems: add, list, switch writing, hand in rosters.")
campaign_app = typer.Typer(no_args_is_help=True, help="Reviews: open, list, show, close; schedules.")
evidence_app = typer.Typer(no_args_is_help=True, help="Evidence: export, verify, checkpoints.")
person_app = typer.Typer(no_args_is_help=True, help="People: access, export and erasure.")
actor_app = typer.Typer(no_args_is_help=True, help="Who may do what here.")
token_app = typer.Typer(no_args_is_help=True, help="Bearer tokens for the API.")
key_app = typer.Typer(no_args_is_help=True, help="The key that protects secrets.")
sandbox_app = typer.Typer(no_args_is_help=True, help="Pretend CRMs for anybody to point a client at.")
for name, child in {
    "demo": demo_app, "system": system_app, "campaign": campaign_app, "evidence": evidence_app, "person": person_app,
    "actor": actor_app, "token": token_app, "key": key_app, "sandbox": sandbox_app,
}.items():  # fmt: skip
    app.add_typer(child, name=name)


@demo_app.callback()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Play the whole quarter unwatched, then end.")] = False,
    as_json: AsJson = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the demo's home from last time.")] = False,
    people: Annotated[int, typer.Option(min=80, max=20000, help="How large the company is.")] = 300,
    seed: Annotated[int, typer.Option(help="Which company.")] = 7,
    port: Annotated[int, typer.Option(help="Where to serve; a taken port falls forward.")] = 8321,
) -> None:
    """Read two sandbox CRMs, detect, open this quarter's review and serve it (or, with --once, play it to its end)."""
    if context.invoked_subcommand is not None:
        return
    from app.cli import demo as play

    telling = Telling(as_json)
    if once:
        play.once(telling, keep=keep, people=people, seed=seed)
    else:
        play.watched(telling, keep=keep, people=people, seed=seed, port=port)


@demo_app.command("break")
def demo_break(as_json: AsJson = False, people: int = 300, seed: int = 7) -> None:
    """Withdraw a right, then drop a page: the review refuses to open, and says why."""
    from app.cli import breaking

    breaking.show(Telling(as_json), people=people, seed=seed)


@app.command("try")
def attempt(
    file: Annotated[Path, typer.Argument(help="A user export of Salesforce or HubSpot, CSV or XLSX.")],
    reviewer: Annotated[str, typer.Option(help="Who is to decide.")] = "You",
    dates: Annotated[str, typer.Option(help="How 03/04/2026 is meant: dmy or mdy.")] = "",
    as_json: AsJson = False,
) -> None:
    """Open a review from a plain user export: no credentials, nothing leaves this machine."""
    from app.cli import attempt as tries

    tries.review(Telling(as_json), file, reviewer, dates)


@app.command()
def serve(host: str | None = None, port: int | None = None) -> None:
    """Serve the API; embedded, with the worker in the same process."""
    from app.cli import running

    running.serve(Telling(), host, port)


@app.command()
def work() -> None:
    """Be a worker. On PostgreSQL as many as you like; embedded, `serve` has the one."""
    from app.cli import running

    running.work(Telling())


@app.command()
def migrate() -> None:
    """Bring the database to the schema that this version needs."""
    from app.cli import running

    running.migrate(Telling())


@app.command()
def doctor(
    system: Annotated[str | None, typer.Argument(help="A system's name or number; all without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what works and what does not: the installation, and which streams of a system can be read."""
    from app.cli import doctor as doctoring

    doctoring.examine(Telling(as_json), system)


@system_app.command("list")
def system_list(as_json: AsJson = False) -> None:
    """Systems with their last reading."""
    from app.cli import systems

    systems.show(Telling(as_json))


@system_app.command("add")
def system_add(
    kind: Annotated[str, typer.Argument(help="salesforce, hubspot, bottlecrm, spreadsheet or roster.")],
    name: Annotated[str, typer.Argument(help="What you call it.")],
    config: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE, as in docs/connect-….md.")] = None,
    reader: Annotated[Path | None, typer.Option(help="JSON file with the reader's credential.")] = None,
    executor: Annotated[Path | None, typer.Option(help="JSON file with the executor's credential.")] = None,
    owner: Annotated[str | None, typer.Option(help="Roster id of the system's owner.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a system. Its credential is checked first; writing stays off."""
    from app.cli import systems

    systems.add(Telling(as_json), kind, name, config or [], reader, executor, owner)


@system_app.command("writing")
def system_writing(
    system: System,
    acts: Annotated[list[str] | None, typer.Argument(help="Kinds of act to allow; none: read-only.")] = None,
) -> None:
    """Switch on which kinds of act may be carried out (freeze, remove_grant, …); without any, all are off."""
    from app.cli import systems

    systems.writing(Telling(), system, acts or [])


@system_app.command("roster")
def system_roster(
    system: System,
    file: Annotated[Path, typer.Argument(help="The roster, as in docs/roster.md.")],
    source: Annotated[str, typer.Option(help="Where it was extracted.")] = "handed in at the command line",
    extracted: Annotated[str | None, typer.Option(help="When it was extracted (ISO, with zone); now without.")] = None,
) -> None:
    """Hand in a roster file. One that shrank, or is old, needs a second person's approval."""
    from app.cli import systems

    systems.roster(Telling(), system, file, source, extracted)


@app.command()
def sync(
    system: Annotated[str | None, typer.Argument(help="A system's name or number; all without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read systems now, and do what follows: match people, ask the rules, prove removals."""
    from app.cli import systems

    systems.sync(Telling(as_json), system)


@app.command()
def findings(
    status: Annotated[str, typer.Option(help="open, closed, waived or all.")] = "open",
    rule: str | None = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong, worst first."""
    from app.cli import finding

    finding.show(Telling(as_json), status, rule)


@app.command()
def justify(
    account: Annotated[str, typer.Argument(help="SYSTEM/USERNAME.")],
    reason: Reason,
    days: Annotated[int, typer.Option(help="For how many days.")] = 90,
) -> None:
    """Put on file why an account holds privileged access."""
    from app.cli import finding

    finding.justify(Telling(), account, reason, days)


@campaign_app.command("open")
def campaign_open(
    name: str,
    fallback: Annotated[str, typer.Option(help="Roster id of who decides in the last resort.")],
    second: Annotated[str | None, typer.Option(help="Another, for the fallback's own access.")] = None,
    systems: Annotated[list[str] | None, typer.Option("--system", help="A system's name; all without.")] = None,
    days: Annotated[int | None, typer.Option(help="Days until it is due.")] = None,
    scope: Annotated[Path | None, typer.Option(help="JSON file with a scope, as in docs/reviews.md.")] = None,
    override: Annotated[str | None, typer.Option(help="A second person's word, from POST /api/v1/overrides.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open a review, frozen at the latest readings. Refuses while one of them cannot be trusted."""
    from app.cli import campaign

    campaign.open_one(Telling(as_json), name, fallback, second, systems, days, scope, override)


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


@campaign_app.command("close")
def campaign_close(
    name: str,
    unanswered: Annotated[str | None, typer.Option(help="keep or remove what has no answer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Close a review, and carry out what was decided where writing is switched on."""
    from app.cli import campaign

    campaign.close(Telling(as_json), name, unanswered)


@campaign_app.command("schedule")
def campaign_schedule(
    name: Annotated[str, typer.Argument(help="What the schedule is called.")],
    fallback: Annotated[str, typer.Option(help="Roster id of who decides in the last resort.")],
    second: Annotated[str | None, typer.Option(help="Another, for the fallback's own access.")] = None,
    day: Annotated[int, typer.Option(help="Day of the quarter on which it opens.")] = 45,
    hour: Annotated[int, typer.Option(help="Hour of that day, in ROLECALL_TIME_ZONE.")] = 8,
) -> None:
    """Have a review open by itself every quarter."""
    from app.cli import campaign

    campaign.schedule(Telling(), name, fallback, second, day, hour)


@app.command()
def decide(
    item: int,
    answer: Annotated[str, typer.Argument(help="keep, remove or change.")],
    reviewer: Annotated[str, typer.Option("--as", help="Whose answer this is: roster id or e-mail address.")],
    reason: Reason = "",
    change_to: Annotated[str | None, typer.Option("--to", help="With change: the entitlement's key.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pass on a reviewer's decision about an item. Nobody decides on their own access."""
    from app.cli import campaign

    campaign.decide(Telling(as_json), item, answer, reviewer, reason, change_to)


@app.command()
def removals(
    run: Annotated[str | None, typer.Option(help="Carry out a system's open removals now: its name or number.")] = None,
    status: Annotated[
        str | None, typer.Option(help="open, by_hand, acting, acted, declined, verified, returned.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What was promised to be removed, what was done, and what the CRM says now."""
    from app.cli import removal

    removal.show(Telling(as_json), run, status)


@evidence_app.command("export")
def evidence_export(
    campaign: str,
    out: Annotated[Path, typer.Option("-o", "--out", help="The packet to write.")] = Path("packet.zip"),
    as_json: AsJson = False,
) -> None:
    """Write a closed review's evidence as one packet that verifies elsewhere."""
    from app.cli import proof

    proof.export(Telling(as_json), campaign, out)


@evidence_app.command("verify")
def evidence_verify(
    packet: Path,
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint you kept from before.")] = None,
    key: Annotated[str | None, typer.Option(help="The verifying key you trust.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a packet: no database, no network, no trust in us. Exits 0 or 1, and says what failed."""
    from app.cli import proof

    proof.check(Telling(as_json), packet, checkpoint, key)


@evidence_app.command("checkpoint")
def evidence_checkpoint(
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where to write it; standard output without.")] = None,
) -> None:
    """Sign a checkpoint now and write it down, for the auditor to keep."""
    from app.cli import proof

    proof.checkpoint(Telling(), out)


@person_app.command("access")
def person_access(who: Who, as_json: AsJson = False) -> None:
    """Everything one person can reach, by system and path."""
    from app.cli import person

    person.access(Telling(as_json), who)


@person_app.command("list")
def person_list(as_json: AsJson = False) -> None:
    """Who the roster knows."""
    from app.cli import person

    person.listed(Telling(as_json))


@person_app.command("export")
def person_export(who: Who) -> None:
    """Everything held about one person, as JSON: the answer to a request for access."""
    from app.cli import person

    person.export(Telling(True), who)


@person_app.command("erase")
def person_erase(who: Who, reason: Reason, yes: Annotated[bool, typer.Option("--yes")] = False) -> None:
    """Erase the personal values held about one person. Every proof still holds. Cannot be undone."""
    from app.cli import person

    person.erase(Telling(), who, reason, yes)


@actor_app.command("add")
def actor_add(
    name: str,
    roles: Annotated[list[str], typer.Option("--role", help="admin, it_security, reviewer, auditor or service.")],
    email: str | None = None,
    person: Annotated[str | None, typer.Option(help="The roster id of the person.")] = None,
    days: Annotated[int | None, typer.Option(help="For how many days the roles hold (auditors need it).")] = None,
) -> None:
    """Make an actor with roles."""
    from app.cli import acting

    acting.add(Telling(), name, roles, email, person, days)


@actor_app.command("list")
def actor_list(as_json: AsJson = False) -> None:
    """Actors and their roles."""
    from app.cli import acting

    acting.listed(Telling(as_json))


@actor_app.command("end")
def actor_end(email: str) -> None:
    """Let an actor in no more."""
    from app.cli import acting

    acting.end(Telling(), email)


@token_app.command("make")
def token_make(
    email: Annotated[str, typer.Argument(help="Whose token: the actor's e-mail address.")],
    label: str = "made at the command line",
    days: int = 30,
) -> None:
    """Make a bearer token. It is shown once."""
    from app.cli import acting

    acting.make_token(Telling(), email, label, days)


@token_app.command("revoke")
def token_revoke(
    token: Annotated[str, typer.Argument(help="The token's id: the part between the underscores.")],
) -> None:
    """End a token now."""
    from app.cli import acting

    acting.revoke_token(Telling(), token)


@key_app.command("new")
def key_new(file: Path) -> None:
    """Write a new key to a file that does not exist yet, readable by its owner alone."""
    from app.kit.secrets import generate_key_file

    generate_key_file(file)
    Telling().say(f"Wrote {file}. Whoever has it can open what Rolecall sealed; keep a copy where backups do not go.")


@key_app.command("rotate")
def key_rotate() -> None:
    """Seal every secret with the current key. Configure the old one in ROLECALL_FORMER_KEYS first."""
    from app.cli import acting

    acting.rotate(Telling())


@sandbox_app.command("serve")
def sandbox_serve(
    kind: Annotated[str, typer.Argument(help="salesforce or hubspot.")],
    port: int = 8801,
    seed: int = 7,
    people: Annotated[int, typer.Option("--accounts", min=80)] = 300,
    home: Path | None = None,
    without: Annotated[list[str] | None, typer.Option(help="A right that the reader does not get.")] = None,
    faults: Annotated[int | None, typer.Option(help="Seed of random faults.")] = None,
) -> None:
    """Run a pretend CRM, and print the credentials for each way of signing in."""
    from connectors.sandbox import serve as sandbox

    given = [kind, "--port", str(port), "--seed", str(seed), "--people", str(people)]
    given += ["--home", str(home)] if home else []
    given += [part for right in without or [] for part in ("--without", right)]
    given += ["--faults", str(faults)] if faults is not None else []
    sandbox.main(given)
