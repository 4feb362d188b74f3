"""The first pages of a packet: what it is about, what it leaves out, what does not add up, and how to check it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app import __version__
from app.inventory.tables import SnapshotRow, SystemRow
from app.ledger.note import Verifier
from app.review.tables import CampaignRow

KINDS = ("account", "grant", "integration", "credential")  # what a scope is about that names none
EVERY = (*KINDS, "group", "definition")


def stamps(campaign: CampaignRow, systems: Sequence[tuple[SystemRow, SnapshotRow]], *, draft: bool) -> list[str]:
    """What must be read before anything else."""
    found = ["DRAFT"] if draft else []
    return found + (["DEMO"] if campaign.demo or any(system.demo for system, _ in systems) else [])


def compose(
    campaign: CampaignRow,
    systems: Sequence[tuple[SystemRow, SnapshotRow]],
    *,
    stamped: Sequence[str],
    settings: Mapping[str, str],
    key: Verifier,
    checkpoint: str,
    by: str,
    at: datetime,
) -> dict[str, Any]:
    """The cover, before anything was counted."""
    return {
        "product": "Rolecall",
        "version": __version__,
        "stamps": list(stamped),
        "campaign": {
            "id": campaign.id,
            "name": campaign.name,
            "status": campaign.status,
            "opened_at": campaign.opened_at.isoformat(),
            "opened_by": campaign.opened_by,
            "due_at": campaign.due_at.isoformat(),
            "closed_at": campaign.closed_at.isoformat() if campaign.closed_at else None,
            "closed_by": campaign.closed_by,
            "unanswered": campaign.unanswered,
        },
        "scope": campaign.scope,
        "excluded": campaign.excluded,
        "override": campaign.override,
        "approval": campaign.approval,
        "acceptance": campaign.acceptance,
        "signature": campaign.signature,
        "systems": [_system(campaign, system, snapshot) for system, snapshot in systems],
        "settings": dict(settings),
        "sealed": {"by": by, "at": at.isoformat()},
        "key": {"verifier": str(key), "fingerprint": key.fingerprint},
        "checkpoint": checkpoint,
    }


def _system(campaign: CampaignRow, system: SystemRow, snapshot: SnapshotRow) -> dict[str, Any]:
    return {
        "id": system.id,
        "name": system.name,
        "kind": system.kind,
        "key": system.key,
        "folder": folder(system),
        "reviewed": _reviewed(campaign.scope, system.name),
        "writing": list(system.writing),
        "demo": system.demo,
        "snapshot": snapshot.id,
        "read_from": snapshot.began_at.isoformat(),
        "sealed_at": snapshot.sealed_at.isoformat() if snapshot.sealed_at else None,
        "connector": snapshot.connector,
        "api_version": snapshot.api_version,
        "principal": snapshot.principal,
        "digest": snapshot.digest,
    }


def folder(system: SystemRow) -> str:
    """A system's folder in the packet: its number, and as much of its name as any file system takes."""
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in system.name.lower())
    return f"population/{system.id}-{'-'.join(part for part in name.split('-') if part)[:60] or 'system'}"


def _reviewed(scope: Mapping[str, Any], system: str) -> list[str]:
    """Which kinds of item the scope reviews in this system."""
    out = {each["kind"] for each in scope.get("without") or [] if each["system"] == system}
    return [kind for kind in EVERY if kind in scope.get("kinds", KINDS) and kind not in out]


def text(cover: Mapping[str, Any], reconciliation: Mapping[str, Any]) -> str:
    """The cover for people."""
    campaign, outcomes = cover["campaign"], reconciliation["outcomes"]
    lines = [*_banner(cover["stamps"]), f"Evidence of the access review: {campaign['name']}", ""]
    lines += [
        f"Status      {campaign['status']}",
        f"Opened      {campaign['opened_at']} by {campaign['opened_by']}",
        f"Due         {campaign['due_at']}",
        f"Closed      {campaign['closed_at']} by {campaign['closed_by']}"
        if campaign["closed_at"]
        else "Closed      not yet",
        f"Sealed      {cover['sealed']['at']} by {cover['sealed']['by']}, Rolecall {cover['version']}",
        f"Signed by   {cover['key']['verifier']}",
        f"Fingerprint {cover['key']['fingerprint']}",
        "",
        f"Items       {reconciliation['items']}: "
        + ", ".join(f"{count} {way}" for way, count in sorted(outcomes.items())),
        "",
        "Systems and the readings that the review is frozen at",
    ]
    lines += [
        f"  {each['name']} ({each['kind']} {each['key'] or 'of unknown id'}): snapshot {each['snapshot']}, read from "
        f"{each['read_from']} as {each['principal'] or 'an unknown principal'} by {each['connector']}; "
        f"reviewed: {', '.join(each['reviewed']) or 'nothing'}"
        for each in cover["systems"]
    ]
    lines += ["", "Left out", *_listed(f"{e['count']} {e['what']}: {e['because']}" for e in cover["excluded"])]
    lines += [*_approval(cover["approval"])]
    lines += ["", "Control owner", *_owner(cover["acceptance"], cover["signature"])]
    lines += ["", "Override", *_override(cover["override"])]
    lines += ["", "What does not add up", *_listed(reconciliation["said"])]
    lines += ["", "Settings", *_listed(f"{name} = {value}" for name, value in sorted(cover["settings"].items()))]
    return "\n".join(lines) + "\n"


def readme(cover: Mapping[str, Any]) -> str:
    """How to check the packet, for whoever receives it."""
    return "\n".join(_banner(cover["stamps"])) + _README.format(**cover["key"])


_README = """
This packet is the evidence of one access review. Nobody has to be trusted for it to be checked,
except for the key below: compare it with the one that you were given by another way.

  verifying key  {verifier}
  fingerprint    {fingerprint}

To check it, without network and without Rolecall's database, either

  rolecall evidence verify packet.zip --key {fingerprint} --checkpoint earlier.txt
  python verify.pyz packet.zip --key {fingerprint} --checkpoint earlier.txt

The second needs Python 3.11 and the package `cryptography`; it is made of the very files that the
first runs. Take it from a source you trust rather than from the packet that is to be checked.
`earlier.txt` is a checkpoint that you kept from before: it proves that nothing that was in the log
then has been rewritten since. Leave it out if you have none, and keep this packet's
log/checkpoint.txt for the next time.

  cover.txt, cover.json   what the review was about, what was left out, what does not add up
  reconciliation.json     the server's counts, the rows read, the population, the items
  population/             who could reach what when the review was frozen; receipts of the readings
  decisions.jsonl         every item: what its reviewer saw; what was decided, by whom, when and why
  drift.jsonl             what came and went while the review was open
  remediations.jsonl      removals: the look before, the acts, the look after, the proving reading
  controls.jsonl          every line of the checklist on that day: its outcome, why, and by what proof
  log/                    the ledger's entries with proofs, the signed checkpoint, and the keys
  tables/, review.xlsx    the same for spreadsheets; made from the files above, proving nothing
  manifest.json, .sig     every file with its SHA-256, and the signature over that list

What each proof means, and what is not proved, is in docs/evidence.md of Rolecall.
"""


def _banner(stamped: Sequence[str]) -> list[str]:
    words = {
        "DRAFT": "DRAFT: the review is not closed. What this says may still change.",
        "DEMO": "DEMO: made from invented people and systems. It is evidence of nothing.",
    }
    return [line for each in stamped for line in (f"*** {words[each]} ***", "")]


def _approval(approval: Mapping[str, Any] | None) -> list[str]:
    """Whose word it is that something was left out."""
    if not approval:
        return []
    return [f"  approved by {approval['granted_by']} for {approval['asked_by']}: {approval['reason']}"]


def _owner(acceptance: Mapping[str, Any] | None, signature: Mapping[str, Any] | None) -> list[str]:
    """Who accepted what it is of, and who signed what came of it; or that nobody did."""
    lines = ["  nobody accepted what it is of before it opened"]
    if acceptance:
        how = "by a standing word of" if acceptance["standing"] else "at"
        lines = [
            f"  accepted {how} {acceptance['given_at']} by {acceptance['granted_by']} for {acceptance['asked_by']}: "
            f"{acceptance['remark']}",
            f"    {sum(sum(kinds.values()) for kinds in acceptance['items'].values())} items, {acceptance['privileged']} "
            f"privileged, about {acceptance['people']} people; {acceptance['of_nobody']} are nobody's",
        ]
    if not signature:
        return [*lines, "  nobody has signed what came of it"]
    went = ", ".join(f"{count} {status}" for status, count in sorted(signature["removals"].items())) or "none"
    return [
        *lines,
        f"  signed at {signature['at']} by {signature['signed_by']}: {signature['remark']}",
        f"    removals by then: {went}",
    ]


def _override(override: Mapping[str, Any] | None) -> list[str]:
    if not override:
        return ["  none"]
    lacks = [
        ", ".join(f"{name} {value}" for name, value in sorted(each.items())) for each in override.get("lacks") or []
    ]
    granted = f"  granted by {override.get('granted_by')} for {override.get('asked_by')}: {override.get('reason')}"
    return [granted, *_listed(lacks)]


def _listed(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines] or ["  nothing"]
