"""What the organisation governs: integrations' assessments, the scope, Statements of Applicability."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Page, Told
from app.api.words import AssessmentStatus, ScopeKind
from app.compliance import assessments, queries, scope, seeing, statements
from app.compliance.assessing import Status
from app.compliance.tables import AssessmentRow
from app.inventory import queries as inventory
from app.ledger.kinds import Kind

router = APIRouter(prefix="/api/v1", tags=["checklist"])
_TURNS = (Kind.ASSESSMENTS_OPENED, Kind.ASSESSMENT_SUBMITTED, Kind.ASSESSMENT_ANSWERED)
StatementNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Assessment(Told):
    """One turn of an integration's card. A blank card is null and empty; only what was approved counts, until its end."""

    id: UUID
    integration_id: int
    number: int
    because: str
    opened_by: str
    opened_at: datetime
    status: AssessmentStatus
    purpose: str | None
    owner_id: int | None
    vendor: str | None
    contract: str | None
    classes: list[str]
    answers: dict[str, int]
    score: int | None
    submitted_by: str | None
    submitted_at: datetime | None
    answered_by: str | None
    answered_at: datetime | None
    until: datetime | None
    version: int


class AssessmentPage(Page):
    """A page of assessments, the oldest first."""

    assessments: list[Assessment]


class Assessing(Asked):
    """A card without blanks. `vendor` "own": a program of one's own, which needs no contract."""

    purpose: str = Field(max_length=4000)
    owner: str = Field(max_length=320, description="Roster id or address of whoever answers for the integration.")
    vendor: str = Field(max_length=300)
    contract: str | None = Field(None, max_length=500)
    classes: list[str] = Field(max_length=50, description="Classes of the data that it reaches.")
    answers: dict[str, int] = Field(description="Each question of the form, from 0 (none) to 3 (great).")


class AssessmentAnswer(Asked):
    """Approve it until a day, a year without one; or decline it."""

    answer: Literal["approved", "declined"]
    until: AwareDatetime | None = None


class InScope(Told):
    """What somebody said of one thing, and why."""

    subject: str
    name: str
    inside: bool
    reason: str
    by: str
    began: datetime


class Scope(Told):
    """One kind of the scope. `new`: what readings show and nobody spoke of; `gone`: what is in scope and there no more."""

    kind: ScopeKind
    entries: list[InScope]
    new: dict[str, str]
    gone: list[str]
    confirmed_by: str | None
    confirmed_until: datetime | None


class Declaring(Asked):
    """One thing that is in scope, or is not; or all that readings show, without a subject."""

    subject: str | None = Field(None, max_length=300, description="integration:7; null takes over all that is seen.")
    name: str = Field("", max_length=300)
    inside: bool = True
    reason: str = Field(max_length=2000)


class Confirming(Asked):
    """Until when it is good."""

    until: AwareDatetime


class Statement(Told):
    """A Statement of Applicability as it was generated."""

    number: int
    version_of: str
    digest: str
    made_by: str
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    until: datetime | None
    version: int


class StatementStory(Statement):
    """The same with what it says, control by control."""

    content: dict[str, Any]


class Statements(Told):
    """Every statement, the latest first."""

    statements: list[Statement]


@router.get("/assessments")
def list_assessments(
    means: With,
    actor: Entered,
    page: paging.Asked,
    integration: paging.Numbered = None,
    status: AssessmentStatus | None = None,
) -> AssessmentPage:
    """Turns of integrations' cards."""
    asked = {AssessmentRow.integration_id: integration, AssessmentRow.status: status}
    statement = select(AssessmentRow).where(*(column == value for column, value in asked.items() if value is not None))
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((AssessmentRow.opened_at, AssessmentRow.id)))
        return AssessmentPage(assessments=[Assessment.model_validate(row[0]) for row in rows], next=after)


@router.get("/assessments/{assessment_id}")
def get_assessment(assessment_id: UUID, means: With, actor: Entered, response: Response) -> Assessment:
    """One turn of a card."""
    with means.database.reading() as session:
        row = assessments.found(session, assessment_id)
        answering.tag(response, row.version)
        return Assessment.model_validate(row)


@router.post("/integrations/{integration_id}/assessments", status_code=201, response_model=Assessment)
def open_assessment(
    integration_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Open another turn of an integration's card. 409 while one is under way."""

    def verb(session: Session, at: datetime) -> Assessment:
        return Assessment.model_validate(assessments.open(session, integration_id, by=actor, at=at))

    return answering.once(means, actor, key, Nothing(), request, verb, status=201)


@router.put("/assessments/{assessment_id}/submission", response_model=Assessment)
def submit_assessment(
    assessment_id: UUID,
    asked: Assessing,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Fill the card in. A blank is refused (422)."""

    def verb(session: Session, at: datetime) -> Assessment:
        row = _unchanged(session, assessment_id, if_match)
        owner = inventory.find_identity(session, asked.owner)
        if owner is None:
            raise problems.unknown("person", asked.owner, ())
        given = asked.model_dump(exclude={"owner"})
        return Assessment.model_validate(assessments.submit(session, row, owner=owner, **given, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/assessments/{assessment_id}/answer", response_model=Assessment)
def answer_assessment(
    assessment_id: UUID,
    asked: AssessmentAnswer,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Approve what somebody else filled in, or decline it."""

    def verb(session: Session, at: datetime) -> Assessment:
        row = _unchanged(session, assessment_id, if_match)
        told = assessments.answer(session, row, Status(asked.answer), until=asked.until, by=actor, at=at)
        return Assessment.model_validate(told)

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/scope/{scope_kind}")
def get_scope(scope_kind: ScopeKind, means: With, actor: Entered) -> Scope:
    """One kind of the scope, and how readings differ from it."""
    with means.database.reading() as session:
        return _scope(session, scope_kind)


@router.post("/scope/{scope_kind}", response_model=Scope)
def declare_scope(
    scope_kind: ScopeKind, asked: Declaring, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Say that something is in scope, or is not, and why; without a subject, take over all that readings show."""

    def verb(session: Session, at: datetime) -> Scope:
        if asked.subject is None:
            scope.adopt(session, scope_kind, asked.reason, by=actor, at=at)
        else:
            scope.declare(
                session,
                scope_kind,
                asked.subject,
                asked.name,
                inside=asked.inside,
                reason=asked.reason,
                by=actor,
                at=at,
            )
        return _scope(session, scope_kind)

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/scope/{scope_kind}/confirmation", response_model=Scope)
def confirm_scope(
    scope_kind: ScopeKind, asked: Confirming, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Confirm it as it stands. 409 while readings show something else."""

    def verb(session: Session, at: datetime) -> Scope:
        scope.confirm(session, scope_kind, until=asked.until, by=actor, at=at)
        return _scope(session, scope_kind)

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/statements")
def all_statements(means: With, actor: Entered) -> Statements:
    """Every Statement of Applicability."""
    with means.database.reading() as session:
        return Statements(statements=[Statement.model_validate(row) for row in queries.statements(session)])


@router.post("/statements", status_code=201, response_model=StatementStory)
def generate_statement(request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Generate the next one from the checklist as it stands."""

    def verb(session: Session, at: datetime) -> StatementStory:
        return StatementStory.model_validate(statements.generate(session, by=actor, at=at))

    return answering.once(means, actor, key, Nothing(), request, verb, status=201)


@router.get("/statements/{number}")
def get_statement(number: StatementNumber, means: With, actor: Entered, response: Response) -> StatementStory:
    """One statement, control by control."""
    with means.database.reading() as session:
        row = statements.found(session, number)
        answering.tag(response, row.version)
        return StatementStory.model_validate(row)


@router.put("/statements/{number}/approval", response_model=StatementStory)
def approve_statement(
    number: StatementNumber,
    asked: Confirming,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Approve what somebody else had generated, for a year at most."""

    def verb(session: Session, at: datetime) -> StatementStory:
        row = statements.found(session, number)
        kinds = (Kind.STATEMENT_MADE, Kind.STATEMENT_APPROVED)
        answering.insist_unchanged(session, if_match, row.version, f"statement:{number}", kinds, what="statement")
        return StatementStory.model_validate(statements.approve(session, row, until=asked.until, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


def _unchanged(session: Session, assessment_id: UUID, if_match: str | None) -> AssessmentRow:
    row = assessments.found(session, assessment_id)
    subject = f"assessment:{row.id}"
    answering.insist_unchanged(session, if_match, row.version, subject, _TURNS, what="assessment")
    return row


def _scope(session: Session, kind: str) -> Scope:
    differs, confirmed = seeing.drift(session, kind), seeing.latest_confirmation(session, kind)
    return Scope(
        kind=ScopeKind(kind), entries=[InScope.model_validate(row) for row in seeing.register(session, kind)],
        new=differs.new, gone=list(differs.gone), confirmed_by=confirmed.by if confirmed else None,
        confirmed_until=confirmed.until if confirmed else None,
    )  # fmt: skip
