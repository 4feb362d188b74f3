"""What the doors and the workers act with: a database, keys, settings and a clock, chosen once at the edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.kit import clock
from app.kit.db import Database
from app.kit.secrets import Keys
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Means:
    """Passed whole to the edges; they hand its parts inwards as plain arguments."""

    database: Database
    keys: Keys
    settings: Settings
    clock: Callable[[], datetime] = clock.now


def settings_shown(settings: Settings) -> dict[str, str]:
    """The settings that judgements rest on, as text, for the cover of evidence. No address and no secret is among them."""
    hidden = {"home", "database_url", "key", "key_file", "former_keys", "host", "port", "base_url", "log_level"}
    return {name: str(getattr(settings, name)) for name in Settings.model_fields if name not in hidden}
