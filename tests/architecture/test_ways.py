"""A refusal says no in the same words at every door, and each door says the way out in its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from enum import StrEnum

import pytest

from app.api import ways as api
from app.cli import wording as cli
from app.console import ways as console
from app.kit.refusal import Refusal
from app.ways import Way
from tests.architecture.tree import modules

DOORS = ("app.api", "app.cli", "app.console", "app.main", "app.settings", "app.worker")
# What one door alone calls so. Steps of a finding or a removal are kept, and read at every door; they are no refusals.
OF_A_DOOR = re.compile(r"(GET|POST|PUT) (/|…)|<roster key>|[Ss]ee `rolecall")


@pytest.mark.parametrize("words", [api.WORDS, cli.WORDS, console.WORDS])
def test_a_door_has_words_for_every_way_out(words: Mapping[StrEnum, str]) -> None:
    assert set(words) == set(Way)


@pytest.mark.parametrize("way", Way)
def test_a_page_names_no_request_and_the_command_line_no_field_of_one(way: Way) -> None:
    assert "/api/" not in console.WORDS[way]
    assert "See GET" not in cli.WORDS[way]


def test_no_stage_speaks_for_a_door() -> None:
    offenders = [
        f"{each.name}:{node.lineno}: {node.value}"
        for each in modules()
        if each.name.startswith("app.") and not each.name.startswith(DOORS)
        for node in ast.walk(each.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OF_A_DOOR.search(node.value)
    ]
    assert not offenders


def test_each_door_says_it_in_its_own_words() -> None:
    no = Refusal("not_accepted", "It waits for Ada's word.", "Ask for it.", way=Way.ASK_CONTROL_OWNER)
    assert "POST /api/v1/acceptances" in api.out(no)
    assert api.out(no).startswith("Ask for it. They")
    assert "--acceptance" in cli.said(no)
    assert cli.said(no).startswith("It waits for Ada's word.\nAsk for it. They")
    assert "on this page" in console.out(no)


def test_a_refusal_without_one_is_told_as_it_is() -> None:
    no = Refusal("not_now", "Not now.", "Wait.")
    assert api.out(no) == console.out(no) == "Wait."
    assert cli.said(no) == "Not now.\nWait."
