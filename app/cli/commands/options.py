"""Options and arguments that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Who = Annotated[str, typer.Argument(help="Roster id or e-mail address.")]
System = Annotated[str, typer.Argument(help="A system's name or number.")]
Token = Annotated[
    Path,
    typer.Option(
        "--token",
        help="A file with a token that an administrator made for you in the console; - for standard input.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why.")]
