"""BottleCRM: who belongs to an organisation, what they hold, which tokens let programs in; and taking it away.

`open_reader` and `open_executor` check the configuration at once (ValueError with every mistake and the way out) and
sign in when first asked something. See docs/connect-bottlecrm.md for which credential can do what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.connector import Config, Executor, Keep, Reader, Secret


def open_reader(config: Config, secret: Secret, keep: Keep) -> Reader:
    """Open the reading side. `keep` is called with the new secret each time a session is renewed, before it is used."""
    from connectors.bottlecrm.auth import read_access
    from connectors.bottlecrm.client import Client
    from connectors.bottlecrm.reader import BottleCRMReader

    return BottleCRMReader(Client(read_access(config, secret), keep))


def open_executor(config: Config, secret: Secret, keep: Keep) -> Executor:
    """Open the acting side, with the executor's own credential."""
    from connectors.bottlecrm.auth import read_access
    from connectors.bottlecrm.client import Client
    from connectors.bottlecrm.revocation import BottleCRMExecutor

    return BottleCRMExecutor(Client(read_access(config, secret), keep))
