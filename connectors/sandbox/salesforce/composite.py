"""Several calls in one: composite requests, batches and collections of records, each with its own answer inside."""

import json
import re
from collections.abc import Callable
from typing import Any

from connectors.sandbox.salesforce import ids, schema
from connectors.sandbox.salesforce.changes import body
from connectors.sandbox.salesforce.errors import bad
from connectors.sandbox.salesforce.world import Call
from connectors.sandbox.wire import Answer

Within = Callable[[Call, str, str, bytes], Answer]
MOST_REQUESTS, MOST_QUERIES, MOST_RECORDS = 25, 5, 200
REFERENCE = re.compile(r"@\{(\w+)\.([\w.]+)\}")


class _RolledBack(Exception):
    """Leaves a transaction so that nothing of it stays."""


def composite(call: Call, within: Within) -> Answer:
    """`/composite`: up to 25 requests in order, later ones may refer to earlier answers as `@{ref.id}`.

    With `allOrNone` one that fails takes back what those before it did, and those behind it are not tried.
    """
    sent = body(call)
    requests = sent.get("compositeRequest") or []
    _check(requests)
    answers: list[dict[str, Any]] = []
    if not sent.get("allOrNone"):
        answers += _in_order(call, within, requests)
    else:
        try:
            with call.store.change():
                answers += _in_order(call, within, requests, stop=True)
                if answers[-1]["httpStatusCode"] >= 400:
                    raise _RolledBack
        except _RolledBack:
            references = [str(request.get("referenceId", "")) for request in requests]
            failed = len(answers) - 1
            answers = [answers[at] if at == failed else _halted(each) for at, each in enumerate(references)]
    return Answer(200, {"compositeResponse": answers})


def _in_order(call: Call, within: Within, requests: list[Any], *, stop: bool = False) -> list[dict[str, Any]]:
    """Each request's answer; with `stop`, none behind the first that fails."""
    answers, known = list[dict[str, Any]](), dict[str, Any]()
    for request in requests:
        reference = str(request.get("referenceId", ""))
        text = json.dumps(request.get("body")) if request.get("body") is not None else ""
        url = _filled(str(request.get("url", "")), known)
        answer = within(call, str(request.get("method", "GET")), url, _filled(text, known).encode())
        known[reference] = answer.body
        answers.append(_part(reference, answer.status, answer.body))
        if stop and answer.status >= 400:
            break
    return answers


def _part(reference: str, status: int, said: Any) -> dict[str, Any]:
    return {"body": said, "httpHeaders": {}, "httpStatusCode": status, "referenceId": reference}


def _halted(reference: str) -> dict[str, Any]:
    why = "The transaction was rolled back since another operation in the same transaction failed."
    return _part(reference, 400, [{"errorCode": "PROCESSING_HALTED", "message": why}])


def _check(requests: list[Any]) -> None:
    if not requests or len(requests) > MOST_REQUESTS:
        raise bad("LIMIT_EXCEEDED", f"The composite request must hold 1 to {MOST_REQUESTS} subrequests")
    queries = [r for r in requests if re.search(r"/(query|queryAll|composite/sobjects)\b", str(r.get("url", "")))]
    if len(queries) > MOST_QUERIES:
        raise bad("LIMIT_EXCEEDED", f"At most {MOST_QUERIES} subrequests may be queries or collections")


def _filled(text: str, known: dict[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        at: Any = known.get(found[1])
        for step in found[2].split("."):
            at = (
                at.get(step)
                if isinstance(at, dict)
                else at[int(step)]
                if isinstance(at, list) and step.isdigit()
                else None
            )
        if at is None:
            raise bad("PROCESSING_HALTED", f"Invalid reference specified. No value for {found[0]} found")
        return str(at)

    return REFERENCE.sub(value, text)


def batch(call: Call, within: Within) -> Answer:
    """`/composite/batch`: up to 25 requests that do not know of each other."""
    requests = body(call).get("batchRequests") or []
    _check(requests)
    results = []
    for request in requests:
        sent = request.get("richInput")
        url = "/services/data/" + str(request.get("url", "")).removeprefix("/services/data/").lstrip("/")
        answer = within(
            call, str(request.get("method", "GET")), url, b"" if sent is None else json.dumps(sent).encode()
        )
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(200, {"hasErrors": any(r["statusCode"] >= 400 for r in results), "results": results})


def collection(call: Call, within: Within) -> Answer:
    """`/composite/sobjects`: up to 200 records created, changed or (by `?ids=`) deleted, each with its own result."""
    if call.ask.method == "DELETE":
        wanted = [i for i in call.ask.one("ids").split(",") if i]
        all_or_none = call.ask.one("allOrNone").lower() == "true"
        asks = [("DELETE", _path(call, _by_prefix(id), id), b"") for id in wanted]
    else:
        sent = body(call)
        all_or_none = bool(sent.get("allOrNone"))
        asks = [_ask(call, record) for record in sent.get("records") or []]
    if not asks or len(asks) > MOST_RECORDS:
        raise bad("INVALID_NUMBER_OF_RECORDS", f"The number of records must be 1 to {MOST_RECORDS}")
    if not all_or_none:
        return Answer(200, [_result(within(call, *ask), ask[1]) for ask in asks])
    results: list[dict[str, Any]] = []
    try:
        with call.store.change():
            results += [_result(within(call, *ask), ask[1]) for ask in asks]
            if not all(each["success"] for each in results):
                raise _RolledBack
    except _RolledBack:
        results = [_undone() if each["success"] else each for each in results]
    return Answer(200, results)


def _undone() -> dict[str, Any]:
    why = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    errors = [{"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": why, "fields": []}]
    return {"success": False, "errors": errors}


def _ask(call: Call, record: dict[str, Any]) -> tuple[str, str, bytes]:
    name = str((record.get("attributes") or {}).get("type", ""))
    fields = {k: v for k, v in record.items() if k not in {"attributes", "id", "Id"}}
    id = "" if call.ask.method == "POST" else str(record.get("id") or record.get("Id") or "")
    return call.ask.method, _path(call, name, id), json.dumps(fields).encode()


def _path(call: Call, name: str, id: str) -> str:
    return f"{call.base}/sobjects/{name}/{id}".rstrip("/")


def _by_prefix(id: str) -> str:
    prefix = (ids.normal(id) or id)[:3]
    return next((e.name for e in schema.ENTITIES.values() if e.prefix == prefix), "Unknown")


def _result(answer: Answer, path: str) -> dict[str, Any]:
    if answer.status < 300:
        made = answer.body or {}
        return {"id": made.get("id", path.rsplit("/", 1)[-1]), "success": True, "errors": []}
    errors = [
        {"statusCode": e["errorCode"], "message": e["message"], "fields": e.get("fields") or []} for e in answer.body
    ]
    return {"success": False, "errors": errors}
