"""evidence: packets that verify elsewhere, and checkpoints to keep."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from app.cli.installation import find_campaign, opened, operator
from app.cli.telling import Telling
from app.evidence import packets, verify
from app.kit import clock
from app.ledger import checkpoints, leaves, queries, signing
from app.means import settings_shown, sign_ins_kept


def export(telling: Telling, campaign: str, out: Path) -> None:
    """Write one campaign's packet."""
    with opened() as means:
        found = find_campaign(means, campaign)
        with telling.step(f"Writing the evidence of {found.name}"):
            sealed = packets.build(
                means.database,
                found.id,
                out,
                keys=means.keys,
                by=operator(),
                at=clock.now(),
                settings_shown=settings_shown(means.settings),
                sign_ins_kept=sign_ins_kept(means.settings),
            )
    telling.say(f"{sealed.path}: {sealed.files} files. Verify it anywhere: rolecall evidence verify {sealed.path}")
    telling.say(f"verifying key: {sealed.key}")
    telling.answer({"packet": str(sealed.path), "digest": sealed.digest, "files": sealed.files, "key": sealed.key})


def check(telling: Telling, packet: Path, checkpoint: Path | None, key: str | None) -> None:
    """Verify a packet; exit 0 or 1."""
    verdict = verify.verify(packet, checkpoint=checkpoint.read_text() if checkpoint else None, key=key)
    for line in verdict.checks:
        telling.say(f"  {'✓' if line.holds else '✗'} {line.what}" + ("" if line.holds else f": {line.because}"))
    for remark in verdict.remarks:
        telling.say(f"  · {remark}")
    telling.say("This packet verifies." if verdict.holds else "This packet does NOT verify.")
    telling.answer(
        {
            "verifies": verdict.holds,
            "remarks": verdict.remarks,
            "checks": [{"what": c.what, "holds": c.holds, "because": c.because} for c in verdict.checks],
        }
    )
    if not verdict.holds:
        sys.exit(1)


def checkpoint(telling: Telling, out: Path | None) -> None:
    """Sign a checkpoint now."""
    with opened() as means, means.database.transaction() as session:
        leaves.integrate(session, limit=1_000_000)
        signer = signing.signer(session, means.keys)
        checkpoints.sign(session, signer, by=operator().id, at=clock.now(), heartbeat=timedelta(0))
        latest = queries.latest_checkpoint(session)
        note = latest.note if latest is not None else ""
    if out is None:
        print(note, end="")
    else:
        out.write_text(note)
        telling.say(f"Wrote {out}. Whoever keeps it can prove that nothing before it was rewritten.")
