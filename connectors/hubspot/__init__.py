"""HubSpot: who can sign in, what they hold, when they signed in, and which programs have a way in.

See docs/connect-hubspot.md for the key to make and its scopes. What HubSpot cannot say (a role's permissions, per-user
two-factor state, a list of connected apps) is said to be missing, never taken for empty.
"""

from __future__ import annotations

from connectors.connector import Config, Executor, Keep, Reader, Secret


def open_reader(config: Config, secret: Secret, keep: Keep) -> Reader:
    """Open the reading side. Raises ValueError for a config or a secret that lacks something, naming it."""
    from connectors.hubspot.reader import HubSpotReader

    return HubSpotReader(config, secret, keep)


def open_executor(config: Config, secret: Secret, keep: Keep) -> Executor:
    """Open the acting side, with the executor's own credential."""
    from connectors.hubspot.revocation import HubSpotExecutor

    return HubSpotExecutor(config, secret, keep)
