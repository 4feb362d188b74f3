"""JSON as the CRMs answer it, read in half the time that Python's own takes: of a large reading that is the most there is.

What is strictly no JSON, but Python's own reads all the same (half a surrogate pair, NaN), is read by that.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder()


def decoded(raw: bytes) -> Any:
    """What a body says, whole numbers of any size as they are. Raises ValueError for what is no JSON, or no UTF-8."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return json.loads(raw)
