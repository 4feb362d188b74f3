"""What a share of a review takes: how many answers, and about how long."""

from __future__ import annotations

from dataclasses import dataclass

SECONDS_ALONE = 30  # to look at one exception and say why
SECONDS_TOGETHER = 15  # to see that somebody still has the job
MOST = 60  # answers for one reviewer before it needs a reason


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
