"""Where a control of ISO/IEC 27001:2013 is found in 2022, and which SOC 2 criteria ask for it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

_TOLD = tomllib.loads(Path(__file__).with_name("mapping.toml").read_text(encoding="utf-8"))
TO_2022: dict[str, tuple[str, ...]] = {old: tuple(new) for old, new in _TOLD["to_2022"].items()}
NAMES: dict[str, str] = _TOLD["names"]  # of the controls of 2022, in our words
CRITERIA: dict[str, str] = {criterion: told["name"] for criterion, told in _TOLD["soc2"].items()}
_ASKS: dict[str, tuple[str, ...]] = {criterion: tuple(told["controls"]) for criterion, told in _TOLD["soc2"].items()}


def to_2022(controls: Iterable[str]) -> list[str]:
    """The controls of 2022 that controls of 2013 became. Raises KeyError for one that there is not."""
    return sorted({new for old in controls for new in TO_2022[old]}, key=_order)


def to_soc2(controls: Iterable[str]) -> list[str]:
    """The SOC 2 criteria that ask for any of these controls of 2022."""
    wanted = set(controls)
    return [criterion for criterion, asked in _ASKS.items() if wanted & set(asked)]


def from_2022(control: str) -> list[str]:
    """The controls of 2013 that a control of 2022 came from; none for one that is new."""
    return sorted((old for old, new in TO_2022.items() if control in new), key=_order)


def _order(control: str) -> list[int]:
    return [int(part) for part in control.removeprefix("A.").split(".")]
