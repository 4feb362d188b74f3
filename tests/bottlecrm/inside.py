"""Runs inside BottleCRM's venv: takes code, a line of JSON at a time, runs it beside its models, tells what it printed.

One process for all of a test run, since getting Django ready costs seconds. Like the keeper it is run by another Python
than ours, imports nothing of Rolecall and ends when its input closes.
"""

import contextlib
import io
import json
import sys
import traceback


def run(code: str) -> dict[str, str]:
    """What `code` prints, and its traceback if it fails. Each code starts with names of its own."""
    out, err = io.StringIO(), ""
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(code, "shell", "exec"), {"__name__": "shell"})
        except Exception:  # noqa: BLE001  whatever the code of a test raises is told
            err = traceback.format_exc()
    return {"out": out.getvalue(), "err": err}


def main() -> None:
    """Answer until standard input closes."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
