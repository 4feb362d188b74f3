"""What is decided alone, and what goes together: a table of cases."""

from __future__ import annotations

from typing import Any

import pytest

from app.review import unusual
from app.review.unusual import Beside, Why

WHO = {"name": "Bo", "employed": True}
SHOWN: dict[str, Any] = {
    "who": WHO, "what": {"key": "role:rep", "privileges": []}, "use": "within 30 days", "findings": [],
    "account_findings": [], "last": {"answer": "keep"},
}  # fmt: skip
FOUND = [{"rule": "r", "severity": "high", "because": "left 9 days ago"}]


def whys(kind: str = "grant", *, privileged: bool = False, beside: Beside | None = None, **shown: Any) -> list[Why]:
    found = unusual.reasons(
        kind, privileged=privileged, shown=SHOWN | shown, beside=beside or Beside(reviewed_before=True)
    )
    return [reason.why for reason in found]


def test_what_is_as_always_is_ordinary() -> None:
    assert whys() == []
    assert whys("account") == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"privileged": True}, Why.PRIVILEGED),
        ({"findings": FOUND}, Why.FINDING),
        ({"account_findings": FOUND}, Why.FINDING),
        ({"who": WHO | {"employed": False}}, Why.GONE),
        ({"who": {"account": "x", "employed": None}}, Why.NOBODYS),
        ({"what": {"key": "k", "privileges": None}}, Why.CONTENTS),
        ({"last": None}, Why.NEW),
        ({"use": "never"}, Why.UNUSED),
        ({"use": "longer"}, Why.UNUSED),
        ({"how": {"until": "2027-01-01"}}, Why.TEMPORARY),
        ({"model": {"name": "Rep", "number": 3}, "in_model": False}, Why.OUTSIDE),
        ({"peers": {"held": 1, "of": 9}}, Why.ALONE),
        ({"beside": Beside(True, holders=1, people=5)}, Why.ALONE),
    ],
)
def test_each_way_to_be_unusual_is_seen(given: dict[str, Any], why: Why) -> None:
    assert whys(**given) == [why]


def test_unknown_use_alone_is_not_unusual() -> None:
    assert whys(use="unknown") == []


def test_in_a_first_review_nothing_is_new() -> None:
    assert whys(last=None, beside=Beside(reviewed_before=False)) == []


def test_four_people_have_no_custom_to_depart_from() -> None:
    assert whys(beside=Beside(True, holders=1, people=4)) == []


def test_what_is_wrong_with_an_account_is_asked_of_the_account_and_not_of_each_grant() -> None:
    wrong: dict[str, Any] = {"use": "never", "account_findings": FOUND}
    assert whys(beside=Beside(True, account_apart=True), **wrong) == []
    assert whys("account", findings=FOUND, use="never") == [Why.FINDING, Why.UNUSED]


@pytest.mark.parametrize("kind", ["integration", "credential"])
def test_a_programs_way_in_is_always_decided_alone(kind: str) -> None:
    assert Why.PROGRAM in whys(kind)


def test_only_findings_speak_against_keeping_and_the_worst_of_them_first() -> None:
    def against(**shown: Any) -> str | None:
        return unusual.against(
            unusual.reasons("grant", privileged=True, shown=SHOWN | shown, beside=Beside(reviewed_before=True))
        )

    assert against(who=WHO | {"employed": False}, use="never") is None  # it is shown in the colour of harm all the same
    assert against(findings=[FOUND[0] | {"severity": "medium"}]) is None
    assert against(findings=FOUND, account_findings=[FOUND[0] | {"severity": "critical"}]) == "critical"
