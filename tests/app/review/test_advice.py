"""What is advised beside an item: a table of cases. The set-wise twin is held against it in test_twins."""

from __future__ import annotations

from typing import Any

import pytest

from app.review import advice

PLAIN: dict[str, Any] = {"who": {"employed": True}, "use": "unknown", "findings": [], "last": None, "covered": False}
USED, KEPT = {"use": "within 30 days"}, {"last": {"answer": "keep"}}
USUAL, ALONE = {"peers": {"held": 6, "of": 12}}, {"peers": {"held": 1, "of": 5}}


def told(*, privileged: bool = False, **shown: Any) -> tuple[str | None, list[str]]:
    codes = advice.codes("grant", PLAIN | shown, "2026-11-16")
    says = advice.says(codes, privileged=privileged)
    return says, advice.because({"says": says, "because": " ".join(codes)})


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        ({}, None),
        (USED, None),
        (USED | KEPT, "keep"),
        (USED | USUAL, "keep"),
        ({"covered": True}, "keep"),
        ({"last": {"answer": "acknowledge"}} | USUAL, "keep"),
        ({"use": "within 90 days"} | {"peers": {"held": 2, "of": 4}}, None),  # four people have no custom
        ({"use": "never", "covered": True}, "remove"),
        ({"use": "longer"}, "remove"),
        (USED | KEPT | ALONE, "remove"),
        ({"who": {"employed": False}}, "remove"),
        ({"who": {"employed": None}}, None),  # nobody knows, which is not no
        ({"how": {"until": "2026-11-15"}}, "remove"),
        ({"how": {"until": "2026-11-16"}}, None),
        ({"findings": [{"severity": "high"}]}, "remove"),
        ({"findings": [{"severity": "low"}]} | USED | KEPT, "keep"),
        ({"account_findings": [{"severity": "high"}]} | USED | KEPT, None),
        ({"account_findings": [{"severity": "critical"}], "covered": True}, None),
        ({"account_findings": [{"severity": "medium"}]} | USED | KEPT, "keep"),
        ({"account_findings": [{"severity": "high"}], "use": "never"}, "remove"),
    ],
)
def test_what_speaks_for_and_against_it_decides_the_advice(shown: dict[str, Any], says: str | None) -> None:
    assert told(**shown)[0] == says


def test_privileged_access_is_advised_to_be_kept_only_if_it_is_used_and_stayed_last_time() -> None:
    assert told(privileged=True, **USED, **USUAL)[0] is None
    assert told(privileged=True, **USED, **KEPT)[0] == "keep"
    assert told(privileged=True, **{**USED, **KEPT, "use": "never"})[0] == "remove"


def test_an_advice_gives_the_reasons_it_rests_on_and_no_others() -> None:
    assert told(**USED, **KEPT, **ALONE) == ("remove", ["nobody else of the job has it"])
    assert told(**USED, **KEPT) == ("keep", ["used within 90 days", "it stayed last time"])
    assert told(**USED) == (None, ["used within 90 days"])
