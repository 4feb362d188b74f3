"""Guides to connecting: they agree with the page of documentation, and with what their connector takes."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from connectors import guide, registry
from connectors.bottlecrm.auth import TOKEN_PREFIX
from connectors.guide import Guide
from tests import fake_connector

ROOT = Path(__file__).parents[2]
GUIDED = [kind for kind in registry.OURS if registry.guide(kind) is not None]


def of(kind: str) -> Guide:
    found = registry.guide(kind)
    assert found is not None
    return found


def test_every_crm_has_a_guide() -> None:
    assert set(GUIDED) == {"salesforce", "hubspot", "bottlecrm"}


@pytest.mark.parametrize("kind", GUIDED)
def test_a_guide_says_what_its_page_says(kind: str) -> None:
    told, page = of(kind), (ROOT / of(kind).page).read_text()
    text = re.sub(r"[`*]", "", page)
    for right in told.rights:
        assert right.name in text, right.name
        assert right.why.split(",")[0].split(";")[0] in text, right.why
    for field in told.fields():
        assert field.name in page, field.name


@pytest.mark.parametrize("kind", GUIDED)
def test_no_right_of_the_reader_on_the_page_is_left_out(kind: str) -> None:
    page = (ROOT / of(kind).page).read_text()
    named = {name for right in of(kind).rights for name in right.name.split(", ")}
    begin, end = {
        "salesforce": ("## 4.", "## 5."),
        "hubspot": ("| Scope |", "## 2."),
        "bottlecrm": ("| scope |", "Do not leave"),
    }[kind]
    table = page[page.index(begin) : page.index(end)]
    rows = re.findall(r"^\| ?([^|]+?) ?\| ?([^|]+?) ?\|", table, re.M)[2:]
    assert len(rows) >= len(of(kind).rights)
    for first, why in rows:
        if "executor only" not in why:
            names = re.sub(r"[`*]", "", first).replace(" or ", ", ").split(", ")
            assert any(name in named for name in names), first


@pytest.mark.parametrize("kind", GUIDED)
def test_what_is_typed_in_is_what_the_connector_takes(kind: str) -> None:
    """A connector refuses a setting it does not know, or a way that lacks something: all ways of the guide open."""
    told = of(kind)
    some = {"url": "https://crm.example.com", "login_url": "https://acme.my.salesforce.com", "accounts": "remove"}
    config = {field.name: some[field.name] for field in told.config if field.name in some}
    for way in told.ways:
        secret = {field.name: _believable(field.name) for field in way.fields}
        registry.open_reader(kind, config, secret, lambda _fresh: None).close()


def test_secrets_are_marked_and_what_may_be_seen_is_not() -> None:
    for kind in GUIDED:
        assert all(field.secret for way in of(kind).ways for field in way.fields)
        assert not any(field.secret for field in of(kind).config)


def test_a_connector_in_a_single_file_has_no_guide() -> None:
    assert guide.read(fake_connector) is None


def _believable(name: str) -> str:
    if name == "private_key":
        return RSAKey.generate_key(2048).as_pem(private=True).decode()
    if name == "refresh":
        said = base64.urlsafe_b64encode(b'{"token_type": "refresh", "org_id": "1"}').decode()
        return f"x.{said}.x"
    return f"{TOKEN_PREFIX}x" if name == "token" else "x"
