"""Why not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.inventory import policy
from tests import make

NOW = make.NOW


def day(ago: float) -> datetime:
    return NOW - timedelta(days=ago)


@pytest.mark.parametrize(
    ("extracted", "people", "before", "approved", "code"),
    [
        (day(1), 100, 100, None, None),
        (day(7), 100, 100, None, None),
        (day(7.1), 100, 100, None, "roster_stale"),
        (None, 100, 100, None, "roster_stale"),
        (day(9), 100, 100, day(1), None),  # somebody else looked yesterday and vouched for it
        (day(30), 100, 100, day(8), "roster_stale"),
        (day(1), 95, 100, None, None),
        (day(1), 94, 100, None, "roster_shrunk"),
        (day(1), 94, 100, day(1), None),
        (day(1), 0, 0, None, None),
        (day(1), 120, 100, None, None),
    ],
)
def test_a_roster_is_trusted_while_it_is_fresh_and_whole(
    extracted: datetime | None, people: int, before: int, approved: datetime | None, code: str | None
) -> None:
    refusal = policy.why_not_trust_roster(
        extracted_at=extracted, people=people, before=before, approved_at=approved, at=NOW
    )
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("status", "began", "latest", "code"),
    [
        ("reading", day(1), None, None),
        ("reading", day(1), day(2), None),
        ("reading", day(1), day(1), None),
        ("reading", day(2), day(1), "overtaken"),
        ("failed", day(1), None, "reading_failed"),
    ],
)
def test_readings_are_sealed_in_the_order_they_began(
    status: str, began: datetime, latest: datetime | None, code: str | None
) -> None:
    refusal = policy.why_not_seal(status=status, began_at=began, latest=latest)
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("kinds", "executor", "code"),
    [
        ([], False, None),
        (["deactivate"], True, None),
        (["deactivate"], False, "no_executor"),
        (["explode"], True, "unknown_act"),
    ],
)
def test_writing_needs_an_executor_and_a_known_act(kinds: list[str], executor: bool, code: str | None) -> None:
    refusal = policy.why_not_write(kinds, has_executor=executor)
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("pinned", "key", "code"), [(None, "org-1", None), ("org-1", "org-1", None), ("org-1", "org-2", "another_org")]
)
def test_a_system_is_one_org_for_ever(pinned: str | None, key: str, code: str | None) -> None:
    refusal = policy.why_not_pin(pinned, key, name="Acme")
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("uploaded_by", "approved_by", "by", "code"),
    [
        ("ada", None, "bo", None),
        ("ada", None, "ada", "own_upload"),
        ("ada", "cy", "bo", "approved_already"),
    ],
)
def test_a_second_person_approves_a_roster(
    uploaded_by: str, approved_by: str | None, by: str, code: str | None
) -> None:
    refusal = policy.why_not_approve_roster(uploaded_by=uploaded_by, approved_by=approved_by, by=by)
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("reader", "executor", "code"),
    [
        ({"token": "a"}, None, None),
        ({"token": "a"}, {"token": "b"}, None),
        ({"token": "a"}, {"token": "a"}, "same_credential"),
        ({}, {}, None),
    ],
)
def test_the_executors_credential_is_its_own(
    reader: dict[str, str], executor: dict[str, str] | None, code: str | None
) -> None:
    refusal = policy.why_not_credentials(reader, executor)
    assert (refusal.code if refusal else None) == code
