"""Durable work: what was handed over is done, step by step, also when the process dies in between.

A job is a function `run(steps, payload)`. A step that ended, `steps.step(name, run)`, is never run again; a step in flight
when the process died is, and so is whatever a job does outside its steps. So each must not mind being repeated: the promise
is *no effect twice, and no second call without a read between*, and a step keeps it by looking before it acts.

Only workers launch an engine. API processes and most commands never do; they write the ledger, and a worker follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.kit.engine.embedded import EmbeddedLock
from app.kit.engine.runs import JobFailed, Run, RunStatus, Steps

if TYPE_CHECKING:
    from app.kit.engine.engine import Engine

__all__ = ["EmbeddedLock", "Engine", "JobFailed", "Run", "RunStatus", "Steps"]


def __getattr__(name: str) -> Any:
    if name == "Engine":  # DBOS takes over a second to import, and most commands launch nothing
        from app.kit.engine.engine import Engine

        return Engine
    raise AttributeError(name)
