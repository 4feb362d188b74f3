"""The list of calls a sandbox answered: how many per path, and each one that may have changed something, in order.

With it a test proves that nothing had an effect twice, and counts what a reading costs.
"""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.wire import READING, Answer, Ask

SECRET = re.compile(r"((?:token|secret|assertion|password|tokenKey)\"?\s*[=:]\s*\"?)([^&\"\s]+)", re.IGNORECASE)
# A POST that only asks.
READS_BY_POST = re.compile(r"/(search|token|introspect|access-token-info|batch/read)$|^/services/soap/", re.IGNORECASE)
KEPT = 50_000


@dataclass
class Calls:
    """Counts per method and path, and the mutating calls with what was sent and answered. Secrets are blotted out."""

    counts: Counter[str] = field(default_factory=Counter)
    mutating: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    total: int = 0

    def note(self, ask: Ask, answer: Answer | None, principal: str | None, fault: str | None) -> None:
        """Write down one call. `answer` is `None` when the caller got none."""
        self.total += 1
        self.counts[f"{ask.method} {ask.path}"] += 1
        if ask.method in READING or READS_BY_POST.search(ask.path):
            return
        said = SECRET.sub(r"\1[redacted]", ask.body.decode("utf-8", "replace"))[:4000]
        self.mutating.append(
            {
                "n": self.total,
                "method": ask.method,
                "path": ask.path,
                "query": {k: v for k, v in ask.query.items() if "token" not in k.lower()},
                "body": said,
                "principal": principal,
                "status": None if answer is None else answer.status,
                "fault": fault,
            }
        )

    def told(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {"total": self.total, "counts": dict(self.counts), "mutating": list(self.mutating)}

    def clear(self) -> None:
        """Start anew."""
        self.counts.clear()
        self.mutating.clear()
        self.total = 0
