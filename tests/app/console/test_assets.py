"""Files are served under an address that names their content, and what is not ours is what we say it is."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest

from app.console import assets
from tests.app.api.house import House

ROWS = re.findall(r"^\| (\S+) \| \S+ \| [\d.]+ \| .+ \| ([0-9a-f]{64}) \|$", (assets.HERE / "vendor/VENDORED.md").read_text(), re.M)  # fmt: skip  # noqa: E501


def test_every_file_of_others_is_listed_with_its_digest() -> None:
    there = {path.name for path in (assets.HERE / "vendor").iterdir() if path.suffix in assets.TYPES}
    assert there == {name for name, _ in ROWS}


@pytest.mark.parametrize(("name", "digest"), ROWS)
def test_a_file_of_others_is_unchanged(name: str, digest: str) -> None:
    assert hashlib.sha256((assets.HERE / "vendor" / name).read_bytes()).hexdigest() == digest


def test_a_file_is_kept_for_good_under_its_address_and_found_under_no_other(shown_house: House) -> None:
    client = shown_house.client()
    found = client.get(assets.address("rolecall.css"))
    assert found.status_code == 200
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert found.headers["content-encoding"] == "gzip"
    assert found.content == assets.all_of_them()["rolecall.css"].plain
    assert client.get("/static/000000000000/rolecall.css").status_code == 404
    for outside in ("../assets.py", "%2e%2e/assets.py", "vendor/VENDORED.md"):
        assert client.get(f"/static/{assets.all_of_them()['keys.js'].digest}/{outside}").status_code == 404


def test_pictures_that_the_stylesheet_names_are_there(shown_house: House) -> None:
    named = set(re.findall(r'url\("([^"]+)"\)', assets.all_of_them()["icons.css"].plain.decode()))
    assert named
    assert {shown_house.client().get(path).status_code for path in named} == {200}


def test_nothing_of_ours_is_fetched_from_elsewhere_or_from_within_a_page() -> None:
    """No address of another machine, no script that builds scripts, and no picture in a style that our policy forbids."""
    for name in ("rolecall.css", "keys.js"):
        text = assets.all_of_them()[name].plain.decode()
        assert not re.search(r"https?:|data:|eval\(|new Function|innerHTML|@import", text), name


def test_all_that_every_page_loads_is_small() -> None:
    small = sum(len(gzip.compress(each.plain, 9)) for each in assets.all_of_them().values())
    assert small < 40_000
