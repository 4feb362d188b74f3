"""Signs, from time to time, how large the log is and what its root is, so that it cannot be rewritten unnoticed.

A checkpoint that somebody else keeps is what makes the log trustworthy: every later one must prove that it extends it. One
is also signed when nothing happened for a while, because silence needs proof too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kit import clock
from app.ledger import entries, note, queries, tree
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.note import Checkpoint, Signer
from app.ledger.tables import CheckpointKeyRow, CheckpointRow


class BrokenLog(Exception):
    """The log no longer contains what was signed before: leaves were edited or cut off. Nothing is signed on top."""


def sign(
    session: Session, signer: Signer, *, by: str, at: datetime, heartbeat: timedelta | None = None
) -> CheckpointRow | None:
    """Sign the tree as it is numbered now and keep the note; None if there is nothing new to say.

    With `heartbeat`, the same size is signed again once the last checkpoint is that old; timedelta(0) always signs. The
    first checkpoint by a new key is signed by the former keys too, so that trust in one of them carries over. Raises
    BrokenLog when the tree does not extend the last checkpoint.
    """
    at = clock.utc(at)
    queries.alone(session)
    size, last = queries.size(session), queries.latest_checkpoint(session)
    if size == 0 or (last and last.size == size and (heartbeat is None or at - last.at < heartbeat)):
        return None
    node = queries.nodes(session)
    if last:
        _insist_it_extends(last, size, node)
    text = note.render(Checkpoint(signer.origin, size, tree.root(size, node), at))
    signed = _adopt(session, signer, text, by=by, at=at)
    row = CheckpointRow(size=size, root=note.parse(text).root, at=at, note=signed)
    session.add(row)
    session.flush()
    return row


def _insist_it_extends(last: CheckpointRow, size: int, node: tree.Node) -> None:
    if size < last.size:
        raise BrokenLog(
            f"the log has {size} leaves, but {last.size} were signed at {last.at.isoformat()}: it was cut off"
        )
    if tree.root(last.size, node) != last.root:
        raise BrokenLog(f"the first {last.size} leaves are not those that were signed at {last.at.isoformat()}")


def _adopt(session: Session, signer: Signer, text: str, *, by: str, at: datetime) -> str:
    """Sign the text; if the key is new here, keep its public half, with a note that hands over to it."""
    current, *former = signer.verifiers
    known = {row.id for row in queries.keys(session)}
    if current.fingerprint in known:
        return note.sign(text, signer)
    hands_over = any(verifier.fingerprint in known for verifier in former)
    signed = note.sign(text, signer, former=len(former) if hands_over else 0)
    session.add(
        CheckpointKeyRow(
            id=current.fingerprint, verifier=str(current), began=at, handover=signed if hands_over else None
        )
    )
    session.flush()
    if known:
        told = {"purpose": "checkpoints", "key": str(current), "handed_over": hands_over}
        entries.record(session, Entry(Kind.KEY_ROTATED, "checkpoints", told), by=by, at=at)
    return signed


def latest(session: Session) -> str:
    """The last checkpoint's note, to hand out. Raises LookupError while nothing was signed."""
    row = queries.latest_checkpoint(session)
    if row is None:
        raise LookupError("nothing was signed yet: the log is empty")
    return row.note
