"""Salesforce: who can sign in, what they hold, how programs get in; and taking it away.

`open_reader` and `open_executor` check the configuration at once (ValueError with every mistake and the way out) and
sign in when first asked something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.connector import Config, Executor, Keep, Reader, Secret


def open_reader(config: Config, secret: Secret, keep: Keep) -> Reader:
    """Open the reading side. Nothing of ours rotates, so `keep` is never called."""
    from connectors.salesforce.auth import read_access
    from connectors.salesforce.client import Client
    from connectors.salesforce.reader import SalesforceReader

    return SalesforceReader(Client(read_access(config, secret)))


def open_executor(config: Config, secret: Secret, keep: Keep) -> Executor:
    """Open the acting side, with the executor's own credential."""
    from connectors.salesforce.auth import read_access
    from connectors.salesforce.client import Client
    from connectors.salesforce.revocation import SalesforceExecutor

    return SalesforceExecutor(Client(read_access(config, secret)))
