"""person, account, actor, token, hook and key: about whom, and who may do what here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason, Who
from app.cli.telling import Telling

person_app = typer.Typer(no_args_is_help=True, help="People: access, export and erasure.")
account_app = typer.Typer(no_args_is_help=True, help="Accounts: what one login holds, whoever it belongs to.")
actor_app = typer.Typer(no_args_is_help=True, help="Who may do what here.")
token_app = typer.Typer(no_args_is_help=True, help="Bearer tokens for the API.")
hook_app = typer.Typer(no_args_is_help=True, help="Programs that decide for a reviewer, by signed messages.")
Named = Annotated[str, typer.Argument(help="The actor's e-mail address, id, roster id or name.")]
key_app = typer.Typer(no_args_is_help=True, help="The key that protects secrets.")


@person_app.command("access")
def person_access(
    who: Who,
    on: Annotated[str | None, typer.Option(help="A past day, 2026-09-30: what they could reach at its end.")] = None,
    as_json: AsJson = False,
) -> None:
    """Everything one person can reach, by system and path; with --on, what they could on a past day."""
    from app.cli import person

    if on is None:
        person.access(Telling(as_json), who)
    else:
        person.past_access(Telling(as_json), who, on)


@account_app.command("access")
def account_access(
    system: Annotated[str, typer.Argument(help="A system's name or number.")],
    account: Annotated[str, typer.Argument(help="The CRM's own id of it, or its sign-in name.")],
    on: Annotated[str | None, typer.Option(help="A past day, 2026-09-30: what it held at its end.")] = None,
    as_json: AsJson = False,
) -> None:
    """What one account holds, directly and by which path, and may do; with --on, on a past day."""
    from app.cli import account as accounts

    accounts.access(Telling(as_json), system, account, on)


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


@actor_app.command("link")
def actor_link(name: Named) -> None:
    """Make a link that signs an actor in, once, within a day. Hand it over so that only they see it."""
    from app.cli import acting

    acting.link(Telling(), name)


@actor_app.command("give")
def actor_give(
    name: Named,
    role: Annotated[str, typer.Argument(help="admin, it_security, reviewer, auditor or service.")],
    days: Annotated[int | None, typer.Option(help="For how many days (an auditor needs it).")] = None,
) -> None:
    """Give an actor a role. Whoever is signed in as them signs in again."""
    from app.cli import acting

    acting.give(Telling(), name, role, days)


@actor_app.command("take")
def actor_take(
    name: Named, role: Annotated[str, typer.Argument(help="admin, it_security, reviewer, auditor or service.")]
) -> None:
    """Take a role from an actor. The last admin's cannot be taken."""
    from app.cli import acting

    acting.take(Telling(), name, role)


@actor_app.command("sign-out")
def actor_sign_out(name: Named) -> None:
    """Sign an actor out of every browser."""
    from app.cli import acting

    acting.sign_out(Telling(), name)


@token_app.command("make")
def token_make(
    email: Annotated[str, typer.Argument(help="Whose token: the actor's e-mail address.")],
    label: str = "made at the command line",
    days: int = 30,
    scope: Annotated[
        list[str] | None, typer.Option(help="An act it is for, as see_findings; all of the roles' without.")
    ] = None,
) -> None:
    """Make a bearer token. It is shown once."""
    from app.cli import acting

    acting.make_token(Telling(), email, label, days, scope or [])


@token_app.command("revoke")
def token_revoke(
    token: Annotated[str, typer.Argument(help="The token's id: the part between the underscores.")],
) -> None:
    """End a token now."""
    from app.cli import acting

    acting.revoke_token(Telling(), token)


@hook_app.command("make")
def hook_make(name: Named, label: str = "made at the command line", days: int = 365) -> None:
    """Let a program decide for an actor. Prints where it posts to and its signing secret, which is shown once."""
    from app.cli import hooking

    hooking.make(Telling(), name, label, days)


@hook_app.command("list")
def hook_list(name: Named, as_json: AsJson = False) -> None:
    """An actor's hooks, never their secrets."""
    from app.cli import hooking

    hooking.listed(Telling(as_json), name)


@hook_app.command("rotate")
def hook_rotate(hook: Annotated[str, typer.Argument(help="The hook's id.")]) -> None:
    """Give a hook another secret. It is shown once; the former one counts beside it for a day."""
    from app.cli import hooking

    hooking.rotate(Telling(), hook)


@hook_app.command("end")
def hook_end(hook: Annotated[str, typer.Argument(help="The hook's id.")]) -> None:
    """Take no more messages by a hook."""
    from app.cli import hooking

    hooking.end(Telling(), hook)


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
