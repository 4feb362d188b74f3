"""The stylesheets, scripts and pictures, read once and served under an address that names their content.

An address never serves anything else, so browsers keep it for good; a new release has new addresses. Compressed once,
at start-up: nothing secret is in them, and pages themselves, which hold a session's token, are never compressed.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

HERE = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEEP = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    digest: str
    type: str
    plain: bytes
    small: bytes


@cache
def all_of_them() -> Mapping[str, Asset]:
    """Every file that may be asked for, by its name below `static`."""
    found: dict[str, Asset] = {}
    for path in sorted(HERE.rglob("*")):
        if path.suffix in TYPES:
            name = path.relative_to(HERE).as_posix()
            plain = path.read_bytes()
            for picture, seen in found.items():  # icons/ comes first, so what a stylesheet names is known
                if path.name == "icons.css":
                    plain = plain.replace(f'url("{picture}")'.encode(), f'url("{_at(picture, seen)}")'.encode())
            digest = hashlib.sha256(plain).hexdigest()[:12]
            found[name] = Asset(digest, TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0))
    return found


def address(name: str) -> str:
    """Where a file is found. Raises KeyError for one that is not there, so that a slip fails its page's test."""
    return _at(name, all_of_them()[name])


def _at(name: str, asset: Asset) -> str:
    return f"/static/{asset.digest}/{name}"


def serve(request: Request) -> Response:
    """One file, if its address is that of its content."""
    asset = all_of_them().get(request.path_params["name"])
    if asset is None or asset.digest != request.path_params["digest"]:
        return Response("There is no such file here.", 404, media_type="text/plain")
    headers = {"Cache-Control": _KEEP, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.small, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.type)
    return Response(asset.plain, headers=headers, media_type=asset.type)


def install(app: FastAPI) -> None:
    """Serve them. A plain route: no right is needed, and it is no part of the API's description."""
    app.add_route("/static/{digest}/{name:path}", serve, methods=["GET"], include_in_schema=False)
    app.add_route("/favicon.ico", _picture, methods=["GET"], include_in_schema=False)


def _picture(_request: Request) -> Response:
    """What browsers ask for unasked, also on pages that are not ours."""
    asset = all_of_them()["icons/rolecall.svg"]
    return Response(asset.plain, headers={"Cache-Control": "public, max-age=86400"}, media_type=asset.type)
