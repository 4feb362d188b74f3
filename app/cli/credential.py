"""system credential: another way in for the reader or the executor, checked before the former one is given up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from app.cli.installation import find_system, json_object, opened, operator
from app.cli.systems import tell_streams
from app.cli.telling import Telling
from app.inventory import policy, systems
from app.inventory.tables import SystemRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from connectors import registry
from connectors.connector import Coverage, Executor, Reader

_OPEN: Mapping[str, Callable[..., Reader | Executor]] = {
    systems.READER: registry.open_reader,
    systems.EXECUTOR: registry.open_executor,
}


def change(telling: Telling, name: str, reader: Path | None, executor: Path | None) -> None:
    """Check what is given, then replace it. What is not given stays as it is."""
    files = {systems.READER: reader, systems.EXECUTOR: executor}
    secrets = {role: _secret(file) for role, file in files.items() if file is not None}
    if not secrets:
        raise Refused(Refusal("nothing_given", "No credential was given.", "Give --reader, --executor or both."))
    with opened() as means:
        with means.database.reading() as session:
            row = find_system(session, name)
        if row.kind == "roster":
            raise Refused(Refusal("no_credential", "A roster is handed in and needs no credential.", status=422))
        # Before any is exchanged: one that is refused afterwards is spent.
        insist(policy.why_not_credentials(secrets.get(systems.READER, {}), secrets.get(systems.EXECUTOR)))
        seen = {role: _checked(telling, row, role, secret) for role, secret in secrets.items()}
        with means.database.transaction() as session:
            system = find_system(session, str(row.id))
            at, by = clock.now(), operator()
            systems.change_credentials(
                session, system, reader=secrets.get(systems.READER), executor=secrets.get(systems.EXECUTOR),
                keys=means.keys, by=by, at=at,
            )  # fmt: skip
            for role, coverage in seen.items():
                systems.pin(
                    session, system, key=coverage.system_key, principal=coverage.principal, role=role, by=by, at=at
                )
    telling.say(f"{row.name}: the {' and the '.join(secrets)} came in and {'are' if len(seen) > 1 else 'is'} kept.")
    told = {role: {"principal": coverage.principal} for role, coverage in seen.items()}
    telling.answer({"id": row.id, "name": row.name, "changed": told})


def _secret(file: Path) -> dict[str, str]:
    return {name: str(value) for name, value in json_object(file, "docs/connect-….md").items()}


def _checked(telling: Telling, row: SystemRow, role: str, secret: dict[str, str]) -> Coverage:
    """What the credential can do. One that is good for one use is exchanged; `secret` holds what came back."""
    config = {name: str(value) for name, value in row.config.items()}
    side = _OPEN[role](row.kind, config, dict(secret), secret.update)
    try:
        coverage = side.check()
    finally:
        side.close()
    insist(policy.why_not_pin(row.key, coverage.system_key, name=row.name))
    telling.say(f"{role}: {coverage.system_name}, signed in as {coverage.principal or 'nobody said'}")
    if role == systems.READER:
        tell_streams(telling, coverage)
    else:
        telling.say(f"  may take away: {', '.join(sorted(coverage.acts)) or 'nothing'}")
    return coverage
