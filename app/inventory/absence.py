"""When may something that was not read be called gone? Only in a complete reading of all that it rests on.

The sentence that carries the correctness of everything later: a page that was lost, a right that was withdrawn, a row
that pointed nowhere must never look like access that was taken away. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError, Denied
from connectors.receipt import PageReceipt, StreamReceipt, Verdict, judge
from connectors.records import Stream

RESTS_ON: Mapping[Stream, tuple[Stream, ...]] = {
    # A grant joins an account and an entitlement: where either is not known whole, a lacking grant proves nothing.
    Stream.GRANTS: (Stream.GRANTS, Stream.ACCOUNTS, Stream.ENTITLEMENTS),
    Stream.FACTORS: (Stream.FACTORS, Stream.ACCOUNTS),
    Stream.OBJECT_RIGHTS: (Stream.OBJECT_RIGHTS, Stream.ENTITLEMENTS),
}
NEVER_ENDS = frozenset({Stream.LOGINS, Stream.CHANGES})  # logs: what scrolled out of them still happened
# Who is signed in changes by the minute: a session that is not there proves nothing about anybody's access.
NEVER_PROVES = NEVER_ENDS | {Stream.SESSIONS}
EXAMPLES = 20  # rows named in a receipt; the rest are counted


def trusted(verdict: str | None) -> bool:
    """Whether a stream's verdict lets absence count."""
    return verdict in (Verdict.COMPLETE, Verdict.EXPLAINED)


def counts(stream: Stream, verdicts: Mapping[str, str]) -> bool:
    """Whether absence from this reading of `stream` ends what was there, given every stream's verdict."""
    return stream not in NEVER_ENDS and all(trusted(verdicts.get(each)) for each in RESTS_ON.get(stream, (stream,)))


def proves(stream: Stream, verdicts: Mapping[str, str]) -> bool:
    """Whether absence from this reading of `stream` may be held up as proof that something was taken away."""
    return stream not in NEVER_PROVES and counts(stream, verdicts)


def conclude(pages: Sequence[PageReceipt], *, ended: bool, error: ConnectorError | None) -> StreamReceipt:
    """What a stream's reading amounts to, once it ended or failed.

    `ended`: the last page said that there is none after it. `error`: what stopped the reading, if anything did. A right
    that is missing before any page came makes the stream not collected; after that, incomplete.
    """
    receipt = judge(pages)
    if isinstance(error, Denied):
        missing = tuple(dict.fromkeys((*receipt.missing, error.missing)))
        verdict = Verdict.INCOMPLETE if pages else Verdict.NOT_COLLECTED
        return replace(receipt, verdict=verdict, because=str(error), missing=missing)
    if error is not None:
        return replace(receipt, verdict=Verdict.INCOMPLETE, because=str(error))
    if not ended and trusted(receipt.verdict):
        return replace(receipt, verdict=Verdict.INCOMPLETE, because="the reading stopped before the last page")
    return receipt


def after_repeats(verdict: str, because: str, repeats: Mapping[str, int], counted: set[str]) -> tuple[str, str]:
    """The verdict once rows that came twice were taken out, per part of the stream.

    Where the server counted, as many others are lacking: its count agreed with rows of which some were the same.
    """
    hiding = {part: count for part, count in repeats.items() if part in counted}
    if not hiding or not trusted(verdict):
        return verdict, because
    told = ", ".join(f"{count} in {part}" for part, count in sorted(hiding.items()))
    return Verdict.INCOMPLETE, f"rows came twice ({told}), so as many that the server counted were not read"


def after_losses(verdict: str, because: str, lost: int, what: str) -> tuple[str, str]:
    """The verdict once rows that point to nothing known were set aside."""
    if not lost or not trusted(verdict):
        return verdict, because
    return Verdict.INCOMPLETE, f"{lost} {what} set aside: they point to something that was not read"


def examples(texts: Sequence[str]) -> list[str]:
    """The first few of many sentences, and how many more there were."""
    if len(texts) <= EXAMPLES:
        return list(texts)
    return [*texts[:EXAMPLES], f"and {len(texts) - EXAMPLES} more"]
