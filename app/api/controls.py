"""The checklist: what each line came out as, now or on a day, in each system and over all, and what it rests on."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, Field

from app.api.entering import Entered, With
from app.api.shapes import Told
from app.api.words import Outcome
from app.compliance import policy, queries
from app.compliance.controls import catalogue
from app.compliance.controls.line import Line
from app.compliance.tables import OutcomeRow
from app.kit.refusal import Refused

router = APIRouter(prefix="/api/v1/controls", tags=["checklist"])
LineId = Annotated[str, Path(max_length=20, pattern=r"^CRM-[0-9A-Z.]+$", description="A line's id: CRM-9.1.2")]
NOT_YET = "nobody has looked at it yet"


class Control(Told):
    """One line of the checklist with what it came out as over all. `since` null: nobody has looked at it yet."""

    id: str
    section: str
    title: str
    iso2022: list[str]
    iso2013: list[str]
    clauses: list[str]
    soc2: list[str]
    modes: list[str]
    outcome: Outcome
    because: str
    proof: list[dict[str, Any]]
    since: datetime | None


class Controls(Told):
    """Every line, in order. The counts are of lines; there is no score that would hide which."""

    controls: list[Control]
    counts: dict[str, int]
    looked_at: datetime | None
    version: str = Field(description="Of the checklist.")


class Period(Told):
    """What a line was for a time. `system_id` null: over all."""

    system_id: int | None
    outcome: Outcome
    because: str
    proof: list[dict[str, Any]]
    began: datetime
    ended: datetime | None


class PaperAsked(Told):
    """What is to be on file for a line."""

    title: str
    owner: str = Field(description="The function that answers for it by default.")
    approver: str = Field(
        description="The function that approves it by default. Here it takes anybody else who may approve."
    )
    days: int
    required: bool
    stands_in: bool


class ControlStory(Control):
    """A line with what it rests on, what it is in each system, and what it was."""

    rules: list[str]
    awaits: list[str]
    computed: list[str]
    joined: list[str]
    follows: list[str]
    paper: PaperAsked | None
    systems: list[Period]
    history: list[Period]


@router.get("")
def read_checklist(
    means: With,
    actor: Entered,
    section: str | None = None,
    outcome: Outcome | None = None,
    on: AwareDatetime | None = None,
) -> Controls:
    """Every line with its outcome, the reason and the proof; `on`: as it was at a moment."""
    with means.database.reading() as session:
        known = {row.line: row for row in queries.outcomes(session, at=on, place=queries.ALL)}
        run = queries.latest_run(session, at=on)
    told = [Control(**described(line), **_outcome(known.get(line.id))) for line in catalogue.LINES.values()]
    chosen = [each for each in told if section in (None, each.section) and outcome in (None, each.outcome)]
    counts = dict(Counter(str(each.outcome) for each in chosen))
    at = run.at if run is not None else None
    return Controls(controls=chosen, counts=counts, looked_at=at, version=catalogue.VERSION)


@router.get("/{line}")
def get_control(line: LineId, means: With, actor: Entered) -> ControlStory:
    """One line's story."""
    known = find(line)
    with means.database.reading() as session:
        rows = queries.outcomes(session, line=line)
        past = queries.history(session, line)
    overall = next((row for row in rows if row.system_id is None), None)
    return ControlStory(
        **described(known),
        **_outcome(overall),
        rules=list(known.rules), awaits=list(known.awaits), computed=list(known.computed), joined=list(known.joined),
        follows=list(known.follows), paper=PaperAsked.model_validate(known.paper) if known.paper else None,
        systems=[Period.model_validate(row) for row in rows if row.system_id is not None],
        history=[Period.model_validate(row) for row in past],
    )  # fmt: skip


def find(line: str) -> Line:
    """The line of this id. Refuses (404) what is none."""
    found = catalogue.LINES.get(line)
    if found is None:
        raise Refused(policy.no_line(line))
    return found


def described(line: Line) -> dict[str, Any]:
    """What a line is, whatever it came out as."""
    return {
        "id": line.id, "section": line.section, "title": line.title, "iso2022": list(line.iso2022),
        "iso2013": list(line.iso2013), "clauses": list(line.clauses), "soc2": list(line.soc2),
        "modes": [str(mode) for mode in line.modes],
    }  # fmt: skip


def _outcome(row: OutcomeRow | None) -> dict[str, Any]:
    if row is None:
        return {"outcome": Outcome.NOT_EVALUABLE, "because": NOT_YET, "proof": [], "since": None}
    return {"outcome": Outcome(row.outcome), "because": row.because, "proof": row.proof, "since": row.began}
