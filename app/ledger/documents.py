"""Keeps files that were handed in, each under its digest, once. An entry names them by it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session, undefer

from app.kit.refusal import Refusal, Refused, insist
from app.ledger import papers
from app.ledger.papers import File
from app.ledger.tables import DocumentRow


def keep(session: Session, file: File, *, by: str, at: datetime) -> str:
    """Keep a file under its digest. Refuses what is empty, too large, or no paper."""
    insist(papers.why_not_keep(file.name, file.content, file.media))
    digest = hashlib.sha256(file.content).hexdigest()
    if session.get(DocumentRow, digest) is None:
        session.add(
            DocumentRow(
                digest=digest, name=file.name[-300:], media=file.media, size=len(file.content), content=file.content,
                by=by, at=at,
            )
        )  # fmt: skip
        session.flush()
    return digest


def content(session: Session, digest: str) -> bytes:
    """A file byte for byte. Refuses (404) what was not handed in."""
    row = session.get(DocumentRow, digest, options=[undefer(DocumentRow.content)])
    if row is None:
        raise Refused(Refusal("not_found", "There is no such file.", "Look where it was handed in.", status=404))
    return row.content
