"""The documents are true: links lead somewhere, commands and routes exist, examples run, nothing is left out.

In a fenced block, `console` is run as it stands; `sh` is only held against the commands and make targets there are.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from app.api import rights
from app.cli.commands import app
from app.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FENCE = re.compile(r"^([ ]*)```([a-z]*)\n(.*?)^\1```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    language: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Every fenced block in one of the languages."""
    return [
        Block(page, found[2], textwrap.dedent(found[3]), page.read_text()[: found.start()].count("\n") + 1)
        for page in PAGES
        for found in FENCE.finditer(page.read_text())
        if found[2] in languages
    ]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text())


# --- links ---


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert not broken


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    for page in ROOT.glob("docs/*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name
    decisions = ROOT / "docs" / "decisions"
    listed = (decisions / "README.md").read_text()
    for page in decisions.glob("0*.md"):
        assert f"({page.name})" in listed, page.name


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_pages_that_are_named_in_words_exist(page: Path) -> None:
    named = re.findall(r"\bdocs/[\w/-]+\.md", page.read_text())
    assert not [name for name in named if not (ROOT / name).exists()]


def test_code_names_only_pages_that_exist() -> None:
    for path in [*ROOT.glob("app/**/*.py"), *ROOT.glob("connectors/**/*.py")]:
        named = re.findall(r"\bdocs/[\w/-]+\.md", path.read_text())
        assert not [name for name in named if not (ROOT / name).exists()], path


# --- the command line ---

COMMAND = typer.main.get_command(app)


def commands(of: Any = COMMAND, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be called, with its path."""
    children = getattr(of, "commands", {})
    if path and (not children or of.invoke_without_command):
        yield path, of
    for name, child in children.items():
        yield from commands(child, (*path, name))


COMMANDS = dict(commands())


def options(command: Any) -> set[str]:
    return {option for given in command.params if given.param_type_name == "option" for option in given.opts} - {
        "--help"
    }


def sections(page: Path) -> dict[str, str]:
    """The text below each heading of the second or third level."""
    parts = re.split(r"^##+ (.+)$", page.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_of_commands_has_every_command_and_no_other() -> None:
    groups = {" ".join(path[:1]) for path in COMMANDS}
    assert sections(ROOT / "docs" / "cli.md").keys() == {" ".join(path) for path in COMMANDS} | groups


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_has_the_options_that_its_section_says(path: tuple[str, ...]) -> None:
    told = sections(ROOT / "docs" / "cli.md")[" ".join(path)]
    rows = [row.split("|")[1] for row in told.splitlines() if row.startswith("| `")]
    written = {option for row in rows for option in re.findall(r"`(-[^`]+)`", row)}
    assert written == options(COMMANDS[path])


def said(text: str) -> Iterator[list[str]]:
    """The words of every `rolecall …` in a text: in code spans and in lines of blocks."""
    lines = re.findall(r"`((?:rolecall) [^`]+)`", FENCE.sub("", text).replace("\n", " "))
    lines += [
        line.strip().removeprefix("$ ")
        for found in FENCE.finditer(text)
        for line in found[3].replace("\\\n", " ").splitlines()
    ]
    for line in lines:
        if line.startswith("rolecall ") and not line.startswith("rolecall …"):
            yield shlex.split(line.split("#")[0].split(" | ")[0].replace("…", ""), comments=True)[1:]


NOT_COMMANDS = {"COMMAND", "reader", "executor"}  # a placeholder, and what pages call Rolecall's two keys


def why_not(words: list[str]) -> str | None:
    """Why this is no command of ours; None if it is one."""
    path: tuple[str, ...] = ()
    command: Any = COMMAND
    while words and words[0] in getattr(command, "commands", {}):
        command, path, words = command.commands[words[0]], (*path, words[0]), words[1:]
    if path not in COMMANDS and words:
        return f"there is no command {' '.join([*path, *words[:1]])}"
    strange = [word for word in words if re.match(r"--?[a-z]", word) and word.split("=")[0] not in options(command)]
    return f"{' '.join(path)} has no {strange[0]}" if strange else None


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    wrong = [
        (" ".join(words), no)
        for words in said(page.read_text())
        if (no := why_not(words)) and words[0] not in NOT_COMMANDS
    ]
    assert not wrong


def test_every_command_that_a_message_names_exists() -> None:
    """A way out that is no way is worse than none."""
    wrong = []
    for path in [*ROOT.glob("app/**/*.py"), *ROOT.glob("connectors/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for words in re.findall(r"`rolecall ([a-z][^`…{]*)`", node.value):
                    if no := why_not(words.split()):
                        wrong.append((str(path.relative_to(ROOT)), words, no))
    assert not wrong


@pytest.mark.parametrize("words", ["campaigns open", "campaign open X --nothing", "evidence burn", "sync -x"])
def test_a_command_that_is_none_is_seen(words: str) -> None:
    assert why_not(words.split())


# --- make, compose, settings, routes ---


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    text = page.read_text()
    named = set(re.findall(r"`make ([a-z]+)[^`]*`", text)) | set(re.findall(r"^\s*\$? ?make ([a-z]+)", text, re.M))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    known = {f"ROLECALL_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bROLECALL_[A-Z_]+[A-Z]\b", page.read_text()))
    assert named <= known


def test_compose_sets_only_settings_there_are() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    known = {f"ROLECALL_{name.upper()}" for name in Settings.model_fields}
    for service in composed["services"].values():
        assert {name for name in service.get("environment", {}) if name.startswith("ROLECALL_")} <= known
        assert service.get("command", ["serve"])[0] in COMMAND.commands  # type: ignore[attr-defined]


def test_the_page_of_the_api_has_every_route_and_no_other() -> None:
    written = re.findall(r"^\| `([A-Z]+) (/[^`]+)` \|", (ROOT / "docs" / "api.md").read_text(), re.M)
    assert {(method, path) for method, path in written} == rights.RIGHTS.keys()
    assert len(written) == len(rights.RIGHTS)


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = (ROOT / "CHANGELOG.md").read_text()
    assert f"[{version}]" in text


# --- what holds a promise ---


def test_every_test_that_a_page_names_is_there() -> None:
    named = [(page, *found) for page in PAGES for found in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text())]
    assert [name for page, _, name in named if page.name == "SECURITY.md"]
    missing = [(str(page.name), name) for page, path, name in named if not _defines(ROOT / path, name)]
    assert not missing


def test_every_guard_that_the_table_of_threats_names_is_there() -> None:
    named = re.findall(r"`(app(?:\.\w+)+)`", (ROOT / "SECURITY.md").read_text())
    assert named
    assert not [name for name in named if not _is_there(name)]


def _defines(path: Path, name: str) -> bool:
    return path.exists() and re.search(rf"^def {name}\(", path.read_text(), re.M) is not None


def _is_there(dotted: str) -> bool:
    """A module of ours, or a function or class in one."""
    *above, last = dotted.split(".")
    module, parent = ROOT.joinpath(*above, f"{last}.py"), ROOT.joinpath(*above[:-1], f"{above[-1]}.py")
    return module.exists() or (
        parent.exists() and re.search(rf"^(?:def|class) {last}\b", parent.read_text(), re.M) is not None
    )


# --- examples ---

CONSOLES = blocks("console")
PYTHONS = blocks("python")
ALIKE = {"rolecall": [sys.executable, "-c", "from app.cli import main; main()"]}


@pytest.mark.slow
@pytest.mark.parametrize("block", CONSOLES, ids=str)
def test_a_console_example_runs_as_it_stands(block: Block, tmp_path: Path) -> None:
    """In an empty folder, with the files that the page shows just before: a csv block is people.csv."""
    for shown in blocks("csv"):
        if shown.page == block.page:
            (tmp_path / "people.csv").write_text(shown.text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    environment["PYTHONPATH"] = str(ROOT)
    for line in block.text.splitlines():
        if not line.startswith("$ "):
            continue
        first, *rest = shlex.split(line[2:])
        if first == "export":
            environment |= dict(word.split("=", 1) for word in rest)
            continue
        done = subprocess.run(
            [*ALIKE[first], *rest],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def test_there_are_examples_to_run() -> None:
    assert CONSOLES
    assert PYTHONS


@pytest.mark.parametrize("block", PYTHONS, ids=str)
def test_a_python_example_runs(block: Block) -> None:
    exec(compile(block.text, str(block), "exec"), {"__name__": "example"})


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_json_example_is_json(block: Block) -> None:
    json.loads(block.text)


def test_the_rule_in_contributing_answers_as_it_says() -> None:
    from app.detection.rule import CannotTell, Fails, Holds
    from tests.app.detection.cases import AT, LIMITS, account

    rule = next(block for block in PYTHONS if "RULE = Rule(" in block.text)
    told: dict[str, Any] = {"__name__": "example"}
    exec(compile(rule.text, str(rule), "exec"), told)
    ask = told["ask"]
    assert isinstance(ask(account(frozen=True, privileges=("export",)), AT, LIMITS), Fails)
    assert isinstance(ask(account(frozen=False, privileges=("export",)), AT, LIMITS), Holds)
    assert isinstance(ask(account(frozen=None), AT, LIMITS), CannotTell)


# --- what does not belong into a document ---


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_speaks_of_the_product_alone(page: Path) -> None:
    text = page.read_text()
    assert not re.findall(r"/(?:work|home|root|Users)/\w+", text)
    assert not re.findall(r"\b(?:TODO|FIXME|XXX)\b", text)
