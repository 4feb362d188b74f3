"""The verifier as one file that an auditor can carry away: the modules that `rolecall evidence verify` runs, zipped."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import app

# Everything that verifying needs of Rolecall. A test runs the result with nothing else of Rolecall on the path.
MODULES = (
    "app/evidence/claims.py",
    "app/evidence/vouched.py",
    "app/evidence/manifest.py",
    "app/evidence/reconciliation.py",
    "app/evidence/samples.py",
    "app/evidence/turns.py",
    "app/evidence/unpacking.py",
    "app/evidence/verify.py",
    "app/ledger/jcs.py",
    "app/ledger/note.py",
    "app/ledger/tree.py",
)
_START = "from app.evidence.verify import main\n\nraise SystemExit(main())\n"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def verifier() -> bytes:
    """The bytes of `verify.pyz`; the same version of Rolecall always gives the same."""
    root = Path(app.__file__).parent.parent
    content = {
        "__main__.py": _START,
        "app/__init__.py": "",
        "app/evidence/__init__.py": "",
        "app/ledger/__init__.py": "",
    }
    content |= {name: (root / name).read_text(encoding="utf-8") for name in MODULES}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, content[name])
    return made.getvalue()
