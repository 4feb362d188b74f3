"""What a request and its answer look like, for every operation: recorded from a run, so that none of it is made up.

`examples.json` holds, by method and path, what was asked and what came back; tests/app/api/test_examples.py runs each
again and records them anew when asked to.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("examples.json")


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """Every example by "METHOD /path"."""
    found: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text())
    return found


def write(method: str, path: str, operation: dict[str, Any]) -> None:
    """Put the operation's example into its description: parameters, body, and the answer."""
    example = recorded().get(f"{method} {path}")
    if example is None:
        return
    for parameter in operation.get("parameters", []):
        where = example["path"] if parameter["in"] == "path" else example["query"]
        if parameter["in"] in ("path", "query") and parameter["name"] in where:
            parameter["example"] = where[parameter["name"]]
    if "body" in example:
        for content in operation["requestBody"]["content"].values():
            content["example"] = example["body"]
    if "answer" in example:
        answer = operation["responses"][str(example["status"])]
        for content in answer["content"].values():
            content["example"] = example["answer"]
