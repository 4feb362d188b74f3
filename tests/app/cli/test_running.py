"""How one enters an installation that was just started."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner

from app import __version__, main, settings
from app.actors import actors
from app.actors.actor import Role
from app.cli import running
from app.cli.commands import app
from app.cli.installation import opened
from app.cli.telling import Telling
from app.kit import clock
from tests import make

FIRST = r"http://127\.0\.0\.1:8321/first-admin/[0-9a-f]{12}\.[\w-]{43}"


def said(capsys: pytest.CaptureFixture[str], home: Path, **given: str) -> str:
    """What a start says about entering."""
    with opened(home=home, **given) as means:
        running.say_how_to_enter(Telling(), means)
    told = capsys.readouterr()
    return (told.out + told.err).replace("\n", " ")


def test_a_start_without_an_admin_prints_the_link_that_makes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (re.findall(FIRST, said(capsys, tmp_path)) for _ in range(2))
    assert (len(first), len(second), first != second) == (1, 1, True)
    with opened(home=tmp_path) as means, means.database.transaction() as session:
        actors.make(session, "Root", {Role.ADMIN: None}, by=make.ADMIN, at=clock.now())
    assert not re.search(FIRST, said(capsys, tmp_path))


@pytest.mark.parametrize(
    ("base", "warned"),
    [
        ("http://rolecall.example.com", True),
        ("https://rolecall.example.com", False),
        ("http://localhost:8321", False),
    ],
)
def test_plain_http_for_others_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], base: str, warned: bool
) -> None:
    assert ("travel in the open" in said(capsys, tmp_path, base_url=base)) == warned


def test_only_the_configured_proxies_are_believed() -> None:
    given = running.behind_proxies(settings.read({"ROLECALL_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1"}))
    config = uvicorn.Config(FastAPI(), **given)
    assert (config.proxy_headers, config.forwarded_allow_ips) == (True, ["10.0.0.0/8", "192.0.2.1"])


def test_a_connection_is_kept_for_longer_than_proxies_keep_theirs() -> None:
    config = uvicorn.Config(FastAPI(), **running.behind_proxies(settings.read({})))
    assert config.timeout_keep_alive > 60


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/links/0123.secret", "/links/…"),
        ("/first-admin/0123.secret", "/first-admin/…"),
        ("/sign-in/callback?code=secret&state=secret", "/sign-in/callback?…"),
        ("/api/v1/items?campaign=3", "/api/v1/items?campaign=3"),
    ],
)
def test_what_lets_somebody_in_is_not_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str, logged: str
) -> None:
    with opened(home=tmp_path) as means:
        main.create_app(means)
    log = logging.getLogger("uvicorn.access")
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        log.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", path, "1.1", 200)
    assert caplog.messages[-1] == f'127.0.0.1:5 - "GET {logged} HTTP/1.1" 200'


def test_the_program_says_which_release_it_is() -> None:
    said = CliRunner().invoke(app, ["--version"])
    assert (said.exit_code, said.output) == (0, f"rolecall {__version__}\n")
