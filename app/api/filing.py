"""What is on file for the checklist: people's word, reasons why a line does not apply, registers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, controls, paging, papers, problems
from app.api.answering import IfMatch, Key
from app.api.controls import LineId
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.papers import BYTES, Digest, Paper
from app.api.shapes import Asked, Number, Page, Told
from app.api.words import FilingAnswer, FilingStatus, RegisterKind
from app.compliance import attestations, exemptions, queries, registered, registers
from app.compliance.policy import Status
from app.compliance.tables import AttestationRow, ExemptionRow, RegisterRow
from app.inventory import queries as inventory
from app.ledger import documents
from app.ledger.kinds import Kind
from app.means import promise_limits

router = APIRouter(prefix="/api/v1", tags=["checklist"])
_WORDS = (Kind.ATTESTATION_MADE, Kind.ATTESTATION_ANSWERED)
_SHOWN = 1000
_REASONS = (Kind.EXEMPTION_MADE, Kind.EXEMPTION_ANSWERED)


class Attestation(Told):
    """Somebody's word for a line. It counts once another approved it, and until its end."""

    id: UUID
    line: str
    system_id: int | None
    revision: int
    statement: str
    link: str | None
    digest: str | None = Field(description="SHA-256 of its file, if it has one: GET /api/v1/documents/{digest}.")
    owner_id: int = Field(description="The person who gives their word.")
    made_by: str
    made_at: datetime
    until: datetime
    status: FilingStatus
    answered_by: str | None
    answered_at: datetime | None
    because: str | None
    version: int


class AttestationPage(Page):
    """A page of words on file, the oldest first."""

    attestations: list[Attestation]


class Attesting(Asked):
    """What somebody vouches for: a statement, and with it a link or a file or neither."""

    owner: str = Field(max_length=320, description="Roster id or address of the person who gives their word.")
    statement: str = Field(max_length=4000)
    until: AwareDatetime
    system_id: Number | None = None
    link: str | None = Field(None, max_length=2000)
    file: Paper | None = None


class Answering(Asked):
    """Approve, decline or withdraw; whoever does not approve says why."""

    answer: FilingAnswer
    because: str = Field("", max_length=2000)


class Exemption(Told):
    """Why a line does not apply, to all or to one system."""

    id: UUID
    line: str
    system_id: int | None
    justification: str
    until: datetime
    made_by: str
    made_at: datetime
    status: FilingStatus
    answered_by: str | None
    answered_at: datetime | None
    version: int


class ExemptionPage(Page):
    """A page of reasons why lines do not apply, the oldest first."""

    exemptions: list[Exemption]


class Exempting(Asked):
    """Why a line does not apply."""

    justification: str = Field(max_length=4000)
    until: AwareDatetime
    system_id: Number | None = None


class ExemptionAnswer(Asked):
    """Approve, decline, or end it early."""

    answer: FilingAnswer


class Register(Told):
    """A register that was handed in, without what is in it."""

    id: UUID
    kind: RegisterKind
    digest: str
    source: str
    extracted_at: datetime
    rows: int
    by: str
    at: datetime


class Registers(Told):
    """The latest register of each kind."""

    registers: list[Register]


class Registering(Asked):
    """A register as CSV: `person` or `vendor`, `date`, `until`."""

    kind: RegisterKind
    content: str = Field(max_length=10 * 1024 * 1024)
    source: str = Field(min_length=1, max_length=300)
    extracted_at: AwareDatetime


class Gap(Told):
    """Somebody, or a vendor, whom a register lacks. `lapsed`: it is there and no longer good."""

    kind: RegisterKind
    subject: str
    name: str
    identity_id: int | None
    lapsed: bool


class Gaps(Told):
    """Whom a register lacks, held against who is there now: the first thousand, and how many there are in all."""

    gaps: list[Gap]
    total: int


@router.get("/attestations")
def list_attestations(
    means: With, actor: Entered, page: paging.Asked, line: str | None = None, status: FilingStatus | None = None
) -> AttestationPage:
    """People's words on file."""
    statement = select(AttestationRow)
    if line is not None:
        statement = statement.where(AttestationRow.line == line)
    if status is not None:
        statement = statement.where(AttestationRow.status == status)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((AttestationRow.made_at, AttestationRow.id)))
        return AttestationPage(attestations=[Attestation.model_validate(row[0]) for row in rows], next=after)


@router.get("/attestations/{attestation_id}")
def get_attestation(attestation_id: UUID, means: With, actor: Entered, response: Response) -> Attestation:
    """One word on file."""
    with means.database.reading() as session:
        row = attestations.found(session, attestation_id)
        answering.tag(response, row.version)
        return Attestation.model_validate(row)


@router.post("/controls/{line}/attestations", status_code=201, response_model=Attestation)
def attest(line: LineId, asked: Attesting, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Put somebody's word on file for a line. It waits for another's approval."""
    file = papers.file(asked.file) if asked.file is not None else None

    def verb(session: Session, at: datetime) -> Attestation:
        owner = inventory.find_identity(session, asked.owner)
        if owner is None:
            raise problems.unknown("person", asked.owner, ())
        row = attestations.propose(
            session, line, asked.statement, owner=owner, until=asked.until, system_id=asked.system_id, link=asked.link,
            file=file, by=actor, at=at,
        )  # fmt: skip
        return Attestation.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.put("/attestations/{attestation_id}/answer", response_model=Attestation)
def answer_attestation(
    attestation_id: UUID,
    asked: Answering,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Approve it, decline it, or take it back. Neither its owner nor who handed it in approves it."""

    def verb(session: Session, at: datetime) -> Attestation:
        row = attestations.found(session, attestation_id)
        subject = f"attestation:{row.id}"
        answering.insist_unchanged(session, if_match, row.version, subject, _WORDS, what="attestation")
        if asked.answer is FilingAnswer.APPROVED:
            row = attestations.approve(session, row, by=actor, at=at)
        elif asked.answer is FilingAnswer.DECLINED:
            row = attestations.decline(session, row, asked.because, by=actor, at=at)
        else:
            row = attestations.withdraw(session, row, asked.because, by=actor, at=at)
        return Attestation.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb)


@router.get(
    "/documents/{digest}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": BYTES}}}},
)
def get_document(digest: Digest, means: With, actor: Entered) -> Response:
    """A file that was handed in, byte for byte; it is never shown in place."""
    with means.database.reading() as session:
        return papers.saved(documents.content(session, digest), digest)


@router.get("/exemptions")
def list_exemptions(means: With, actor: Entered, page: paging.Asked, line: str | None = None) -> ExemptionPage:
    """Why lines do not apply."""
    statement = select(ExemptionRow) if line is None else select(ExemptionRow).where(ExemptionRow.line == line)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((ExemptionRow.made_at, ExemptionRow.id)))
        return ExemptionPage(exemptions=[Exemption.model_validate(row[0]) for row in rows], next=after)


@router.post("/controls/{line}/exemptions", status_code=201, response_model=Exemption)
def exempt(line: LineId, asked: Exempting, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Say why a line does not apply, and until when. It waits for another's approval."""
    controls.find(line)

    def verb(session: Session, at: datetime) -> Exemption:
        row = exemptions.propose(session, line, **asked.model_dump(), by=actor, at=at)
        return Exemption.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.put("/exemptions/{exemption_id}/answer", response_model=Exemption)
def answer_exemption(
    exemption_id: UUID,
    asked: ExemptionAnswer,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Approve it (never one's own), decline it, or end it early."""

    def verb(session: Session, at: datetime) -> Exemption:
        row = exemptions.found(session, exemption_id)
        subject = f"exemption:{row.id}"
        answering.insist_unchanged(session, if_match, row.version, subject, _REASONS, what="exemption")
        return Exemption.model_validate(exemptions.answer(session, row, Status(asked.answer), by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/registers")
def latest_registers(means: With, actor: Entered) -> Registers:
    """The register of each kind that counts."""
    with means.database.reading() as session:
        found = queries.latest_registers(session)
        return Registers(registers=[Register.model_validate(found[kind]) for kind in sorted(found)])


@router.get("/registers/gaps")
def find_gaps(means: With, actor: Entered) -> Gaps:
    """Everybody, and every vendor, whom a register lacks, by name."""
    with means.database.reading() as session:
        systems = [row.id for row in queries.crms(session)]
        found = registered.gaps(session, systems, promise_limits(means.settings), means.clock())
        return Gaps(gaps=[Gap.model_validate(each) for each in found[:_SHOWN]], total=len(found))


@router.post("/registers", status_code=201, response_model=Register)
def hand_in_register(asked: Registering, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Hand in a register. Refused (422) as a whole, with the line, if it cannot be understood."""

    def verb(session: Session, at: datetime) -> Register:
        row: RegisterRow = registers.upload(
            session, asked.kind, asked.content.encode(), source=asked.source, extracted_at=asked.extracted_at, by=actor,
            at=at,
        )  # fmt: skip
        return Register.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb, status=201)
