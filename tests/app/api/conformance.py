"""Every answer that any test of the API gets is held against the description: its status, its type, its shape."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import jsonschema_rs
from fastapi import FastAPI

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class Undocumented(AssertionError):
    """An answer that the description does not foresee."""


class Holding:
    """A client's hook. What it knows is kept with the description, because compiling the shapes costs more than asking."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def __call__(self, response: httpx2.Response) -> None:
        method, path = response.request.method, response.request.url.path
        if method not in METHODS or path == "/openapi.json":
            return
        response.read()
        known = _known(self.app)
        operation = known.operation(method, path)
        if operation is None:  # no route of ours; answered as a problem all the same
            return
        told = operation["responses"].get(str(response.status_code))
        if told is None:
            raise Undocumented(f"{method} {path} answered {response.status_code}: {response.text[:300]}")
        kind = response.headers.get("content-type", "").split(";")[0]
        if kind not in told.get("content", {"": None}):
            raise Undocumented(f"{method} {path} answered {kind}; documented: {list(told.get('content', {}))}")
        if "json" in kind:
            known.insist(told["content"][kind]["schema"], response.json(), f"{method} {path}")


class _Known:
    """An app's description, with its shapes compiled as they are needed."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description  # kept, so that no other one comes to stand in its place
        self.components = description["components"]
        self.compiled: dict[str, Any] = {}
        self.paths = [
            (re.compile(re.sub(r"{\w+}", r"[^/]+", path) + "$"), methods)
            for path, methods in sorted(description["paths"].items(), key=lambda each: each[0].count("{"))
        ]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, methods in self.paths:
            if pattern.match(path) and method.lower() in methods:
                found: dict[str, Any] = methods[method.lower()]
                return found
        return None

    def insist(self, schema: dict[str, Any], answer: Any, where: str) -> None:
        key = str(schema)
        if key not in self.compiled:
            self.compiled[key] = jsonschema_rs.validator_for({**schema, "components": self.components})
        for error in self.compiled[key].iter_errors(answer):
            raise Undocumented(f"{where}: {error.message} at {list(error.instance_path)}")


_KNOWN: dict[int, _Known] = {}  # apps that share a description share this


def _known(app: FastAPI) -> _Known:
    description = app.openapi()
    if id(description) not in _KNOWN:
        _KNOWN[id(description)] = _Known(description)
    return _KNOWN[id(description)]
