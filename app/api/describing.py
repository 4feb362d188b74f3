"""The API's description of itself, made whole: FastAPI knows the shapes, this adds what else may be answered, and examples.

Every refusal that a route can give follows from what it takes: whoever needs a token may lack it, what has a number may
not be there, what writes may come at the wrong time. One rule each, so that no route's author has to remember them.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from app.api import examples, problems
from app.api.rights import RIGHTS

Operation = dict[str, Any]
TAGS = {
    "health": "Whether the service is up, and whether it can work.",
    "systems": "What is connected, its readings with their receipts, and rosters.",
    "access": "Who can reach what: people, accounts, entitlements, integrations, credentials.",
    "findings": "What is wrong, worst first.",
    "rules": "What is asked, by which numbers, and what people are told of.",
    "reviews": "Reviews from opening to closing: schedules, campaigns, tasks, drift.",
    "decisions": "Items and what was decided on them.",
    "remediations": "Removals and what became of them.",
    "checklist": "The checklist line by line, what is on file for it, cards, the scope, statements.",
    "evidence": "The ledger, its proofs, and packets for auditors.",
    "notices": "Who is told what: channels, subscriptions, the log of messages, quiet hours.",
    "actors": "Who may do what here: actors, roles, tokens, sessions.",
}
_WRITES = ("post", "put", "patch", "delete")
_REF = {"$ref": "#/components/schemas/Problem"}


def install(app: FastAPI) -> None:
    """Let the app describe itself in full; the description is made once, when first asked for."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _whole(plain())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def operations(description: dict[str, Any]) -> list[tuple[str, str, Operation]]:
    """Every operation with its method, in capitals, and its path."""
    return [
        (method.upper(), path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def statuses(method: str, path: str, operation: Operation) -> set[int]:
    """What a guarded operation may answer beside its success."""
    taken = {given["name"] for given in operation.get("parameters", [])}
    may = {401, 403, 422, 429, 500}
    if "{" in path:
        may.add(404)
    if "after" in taken:
        may.add(400)
    if method.lower() in _WRITES:
        may |= {400, 404, 409, 412, 413}  # 412 also without If-Match: somebody may be first while the verb works
    return may


def _whole(description: dict[str, Any]) -> dict[str, Any]:
    description = deepcopy(description)
    ours = {path for _, path in RIGHTS}  # pages are for people; no program is told of them
    description["paths"] = {path: methods for path, methods in description["paths"].items() if path in ours}
    description["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    schemas = description["components"]["schemas"]
    schemas["Problem"] = problems.Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for method, path, operation in operations(description):
        _refusals(method, path, operation)
        _headers(method, operation, schemas)
        examples.write(method, path, operation)
    return description


def _refusals(method: str, path: str, operation: Operation) -> None:
    answers = operation["responses"]
    answers.pop("422", None)  # FastAPI's own shape, which we do not answer
    open_to_all = RIGHTS.get((method, path)) is None and not operation.get("security")
    may = {500} if open_to_all else statuses(method, path, operation)
    for status in sorted(may | {int(known) for known in answers if int(known) >= 400}):
        known = answers.get(str(status), {})
        answers[str(status)] = {
            "description": known.get("description") or problems.title(status),
            "content": {problems.MEDIA_TYPE: {"schema": _REF}},
        }
    if "401" in answers:
        answers["401"]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if "429" in answers:
        answers["429"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}


def _headers(method: str, operation: Operation, schemas: dict[str, Any]) -> None:
    """The headers of a success: which version it is, and whether it was answered before."""
    for status, told in operation["responses"].items():
        if not status.startswith("2"):
            continue
        headers: dict[str, Any] = {}
        shape = told.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        if "version" in schemas.get(shape, {}).get("properties", {}) and shape != "Health":
            headers["ETag"] = {"schema": {"type": "string"}, "description": "Goes into If-Match."}
        if method.lower() in _WRITES:
            headers["Idempotency-Replayed"] = {
                "schema": {"type": "string", "enum": ["true"]},
                "description": "The answer that this Idempotency-Key had before.",
            }
        if headers:
            told["headers"] = headers
