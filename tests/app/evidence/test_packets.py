"""A packet holds everything an auditor asks for, and nothing that nobody may see."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.evidence.verify import verify
from app.kit.db import Database
from tests.app.evidence import review


def lines(path: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as packet:
        return [json.loads(line) for line in packet.read(name).splitlines()]


def test_a_whole_review_is_sealed_and_verifies(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    verdict = verify(sealed.path, key=sealed.fingerprint)
    assert [check for check in verdict.checks if not check.holds] == []
    assert verdict.remarks == []
