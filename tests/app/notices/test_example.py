"""The receiver of docs/notices.md receives, knows what came before, and refuses what is not from us."""

from __future__ import annotations

import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from app.kit import clock
from app.notices import deliveries
from app.notices.tables import DeliveryRow
from tests import make
from tests.app.notices.desk import Desk

PAGE = Path(__file__).parents[3] / "docs" / "notices.md"


def test_the_receiver_of_the_page_takes_each_message_once_and_nothing_forged(desk: Desk) -> None:
    shown = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    assert shown is not None
    example: dict[str, Any] = {"__name__": "example"}
    exec(compile(shown[1], str(PAGE), "exec"), example)
    told: list[dict[str, Any]] = []
    desk.now = clock.now()
    secret: list[str] = []  # known only after the address is
    seen: set[str] = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: example["receiver"](secret[0], seen, told)(*args))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        channel = desk.channel("webhook", secret={"url": f"http://127.0.0.1:{server.server_address[1]}/"})
        assert desk.signing is not None
        secret.append(desk.signing)
        with desk.database.transaction() as session:
            row = make.delivery(session, channel, made_at=desk.now)
        assert desk.send() == {"delivered": 1}
        with desk.database.transaction() as session:
            deliveries.replay(session, session.get_one(DeliveryRow, row.id), by=make.ADMIN, at=desk.now)
        assert desk.send() == {"delivered": 1}
        assert [each["type"] for each in told] == ["removal.failed"]
        secret[0] = "whsec_" + "A" * 43 + "="
        with desk.database.transaction() as session:
            make.delivery(session, channel, made_at=desk.now)
        assert desk.send() == {"later": 1}  # 401: it is not from whom the receiver thinks
        assert len(told) == 1
    finally:
        server.shutdown()
        server.server_close()
