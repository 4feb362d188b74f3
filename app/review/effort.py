"""What a share of a review takes: how many answers, and about how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.kit.refusal import Refusal
from app.ways import Way

# Of reading every new line of a share, making up one's mind and typing, as counted in a browser
# (tests/browser/test_shares), with an eighth more for whoever looks twice.
SECONDS_ALONE = 20  # to look at one exception and say why
SECONDS_TOGETHER = 10  # to see that somebody still has the job


@dataclass(frozen=True, slots=True)
class Effort:
    """Answers of one share: `alone` for each exception, `together` one for each person."""

    alone: int = 0
    together: int = 0

    @property
    def answers(self) -> int:
        """All of them."""
        return self.alone + self.together

    @property
    def minutes(self) -> int:
        """About how long they take, in whole minutes, at least one if there is anything to answer."""
        seconds = self.alone * SECONDS_ALONE + self.together * SECONDS_TOGETHER
        return -(-seconds // 60)


def why_not_long(efforts: Mapping[str, int], most: int | None, reason: str | None) -> Refusal | None:
    """Why a campaign may not open: it asks somebody for more answers than anybody gives with care, and nobody said why."""
    long = {name: answers for name, answers in efforts.items() if most is not None and answers > most}
    if not long or (reason or "").strip():
        return None
    name, answers = max(long.items(), key=lambda pair: pair[1])
    more = f", and {len(long) - 1} more reviewers have over {most}" if len(long) > 1 else ""
    return Refusal(
        "many_answers",
        f"{name} would have {answers} answers to give{more}.",
        "Approve role models, hand parts to owners, or say why it has to be.",
        facts={"answers": long, "most": most},
        way=Way.SAY_WHY_SO_MANY,
    )
