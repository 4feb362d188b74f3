"""A new rule by CONTRIBUTING: what stands there is done, in a copy of the house, and nothing else is touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAME = "frozen_privileged"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "static", "templates")
ASKING = """
from tests.app.detection import manual
manual.main()
from tests.app.detection.rules import test_every_rule as every
every.test_every_rule_has_a_table_in_which_it_holds_and_fails()
mine = [each for each in every.EACH if each[0] == "frozen_privileged"]
for each in mine:
    every.test_a_rule_answers_as_its_manual_page_says(*each)
every.test_every_rule_says_step_by_step_what_to_click_in_each_crm_that_it_can_fail_in("frozen_privileged")
from tests.app.detection import test_rulebook
from app.detection import rulebook
test_rulebook.test_a_rule_says_what_it_needs_what_it_speaks_against_and_what_to_do(rulebook.RULES["frozen_privileged"])
from tests.app.compliance import test_catalogue
test_catalogue.test_a_rule_that_names_a_line_tests_it()
print(len(mine))
"""


def blocks() -> list[str]:
    """The programs of the chapter."""
    chapter = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add a rule")[1].split("## Add a conn")[0]
    found = re.findall(r"^   ```python\n(.*?)^   ```", chapter, re.S | re.M)
    return [re.sub(r"^   ", "", each, flags=re.M) for each in found]


def test_a_new_rule_is_three_files_and_the_third_is_written_by_itself(tmp_path: Path) -> None:
    house = tmp_path / "house"
    for folder in ("app", "tests/app/detection", "tests/app/compliance"):
        shutil.copytree(ROOT / folder, house / folder, ignore=LEFT_OUT)
    for file in ("tests/__init__.py", "tests/app/__init__.py", "tests/make.py", "tests/conftest.py", "docs/rules.md"):
        (house / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, house / file)
    (house / "connectors").symlink_to(ROOT / "connectors")
    rule, cases = blocks()
    (house / f"app/detection/rules/{NAME}.py").write_text(rule)
    (house / f"tests/app/detection/rules/of_{NAME}.py").write_text(cases)
    ran = subprocess.run(
        [sys.executable, "-B", "-c", ASKING], cwd=house, env=os.environ | {"PYTHONPATH": str(house)}, capture_output=True,
        text=True, check=False, timeout=240,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout.splitlines()[-1] == "4"
    page, before = (house / "docs/rules.md").read_text(), (ROOT / "docs/rules.md").read_text()
    assert f"| `{NAME}` | 1 | 1 | 1.00 | 1.00 |" in page
    assert "#### Frozen account keeps its privileges" in page
    assert "whoever thaws it gets them back unasked" in page
    assert {name: found for name, found in measured(page).items() if name != NAME} == measured(before)


def measured(page: str) -> dict[str, list[str]]:
    """Precision and recall of each rule, as a page tells them."""
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    return {row[0]: row[3:] for row in rows if len(row) == 5 and row[0].isidentifier()}
