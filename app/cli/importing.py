"""Past answers of a review that was made elsewhere, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.cli.installation import find_system, opened, operator
from app.cli.telling import Telling
from app.inventory import sheets
from app.kit import clock
from app.kit.refusal import Refused
from app.review import imports, queries


def take(telling: Telling, system: str, file: Path, name: str) -> None:
    """Import a file; rows that cannot be taken are listed with the way out, and then none is."""
    sheet = sheets.read(file.name, file.read_bytes())
    with opened() as means, means.database.transaction() as session:
        found = find_system(session, system)
        try:
            row = imports.take(session, found, sheet, name=name, by=operator(), at=clock.now())
        except Refused as refused:
            bad: Any = refused.refusal.facts.get("rows", ())
            telling.table(("line", "because", "way out"), ((b["line"], b["because"], b["way_out"]) for b in bad))
            raise
        are = "is" if row.unknown == 1 else "are"
        gone = f" {row.unknown} of them {are} about what was never read here." if row.unknown else ""
        imported = f"{row.rows} answer{'' if row.rows == 1 else 's'} imported"
        telling.say(f'"{row.name}": {imported}, the latest of {row.decided_on}.{gone}')
        hidden = queries.hides_imports(session, found.id)
        if hidden is not None:
            telling.say(f"It is kept, and not shown beside items: {hidden} was closed here since, and takes its place.")
        told = {"id": row.id, "name": row.name, "rows": row.rows, "unknown": row.unknown, "digest": row.digest}
        told |= {"hidden_by": hidden}
    telling.answer(told | {"decided_on": row.decided_on.isoformat()})
