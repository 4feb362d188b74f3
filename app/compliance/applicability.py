"""What a Statement of Applicability says, from the checklist's lines. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from app.compliance.controls import mapping
from app.compliance.controls.line import Line, Outcome

NOT_TOUCHED = "no line of this checklist, which is about CRMs, rests on it; say elsewhere how it stands"


def compose(lines: Iterable[Line], exempt: Mapping[str, str], outcomes: Mapping[str, str]) -> dict[str, Any]:
    """Every control of 2022 that we know by number: whether it applies, why, by which lines it is judged and how.

    A control applies unless every line that rests on it was said not to; then the reasons stand beside it.
    """
    known = list(lines)
    controls = []
    for control, name in mapping.NAMES.items():
        of = [line for line in known if control in line.iso2022]
        waived = [line for line in of if line.id in exempt]
        applies = None if not of else len(waived) < len(of)
        because = NOT_TOUCHED if not of else "; ".join(dict.fromkeys(exempt[line.id] for line in waived))
        counted = Counter(outcomes.get(line.id, str(Outcome.NOT_EVALUABLE)) for line in of)
        controls.append(
            {
                "control": control, "name": name, "applies": applies, "because": because,
                "lines": [line.id for line in of], "outcomes": dict(sorted(counted.items())),
                "from_2013": mapping.from_2022(control),
            }
        )  # fmt: skip
    exempted = [{"line": line.id, "because": exempt[line.id]} for line in known if line.id in exempt]
    return {"controls": controls, "not_applicable": exempted}
