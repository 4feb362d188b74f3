"""Files that people hand in, and which of them are kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.kit.refusal import Refusal

LARGEST = 10 * 1024 * 1024  # bytes of a paper or a register
MEDIA = frozenset(
    {
        "application/pdf", "text/plain", "text/csv", "text/markdown", "image/png", "image/jpeg", "application/json",
        "application/zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/octet-stream",
        "message/rfc822",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is handed in."""

    name: str
    media: str
    content: bytes


def why_not_keep(name: str, content: bytes, media: str) -> Refusal | None:
    """Whether a file may be kept."""
    if not content:
        return Refusal("empty_file", f"{name} is empty.", "Choose the file that was meant.", status=422)
    if len(content) > LARGEST:
        return Refusal(
            "too_large",
            f"{name} is larger than {LARGEST // 1024 // 1024} MiB.",
            "Give a link to it instead.",
            status=413,
        )
    if media not in MEDIA:
        return Refusal(
            "not_a_paper", f"{name} is of a kind that is not kept here ({media}).", "Hand in a PDF.", status=422
        )
    return None
