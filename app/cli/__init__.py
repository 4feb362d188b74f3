"""The command line: `rolecall COMMAND`. Progress for people, `--json` for programs.

Each command lives in the module named for its room; they are imported when called, because the vendors' clients and the
engine take a second to load.
"""

from __future__ import annotations

import gc
import sys

MADE = 50_000  # objects made between two looks for garbage; a start-up makes a million, and hardly any of it is garbage


def main() -> None:
    """The entry point of `rolecall`. What was refused is said in one sentence with its way out, and exits 1."""
    gc.set_threshold(MADE, *gc.get_threshold()[1:])  # a process starts in four fifths of the time
    from sqlalchemy.exc import OperationalError

    from app.cli.commands import tree
    from app.kit.refusal import Refused
    from app.kit.secrets import SecretsError
    from app.settings import SettingsWrong
    from connectors.errors import ConnectorError
    from connectors.registry import UnknownKind

    try:
        tree()(prog_name="rolecall")
    except Refused as refused:
        from app.cli import wording

        sys.exit(wording.said(refused.refusal))
    except (SettingsWrong, SecretsError, ConnectorError, UnknownKind, OSError) as known:
        sys.exit(str(known))
    except OperationalError as away:  # its own text names the server and never the password
        sys.exit(f"The database cannot be used: {away.orig}")
    except ValueError as wrong:  # what a connector or a reader says of a configuration or a file
        sys.exit(str(wrong))
    except KeyboardInterrupt:
        sys.exit(130)
