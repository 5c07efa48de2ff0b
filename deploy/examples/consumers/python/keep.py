"""Keep the latest revision of every alert in SQLite; go on where it stopped, however it stopped.

    STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 python keep.py alerts.db

Needs nothing beside Stellwerk's own package. The row is written first and the alert is done then, so a crash between
the two writes the same row again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

from pipeline.client import alerts
from pipeline.records import Alert

TABLE = "CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL)"
#: An older revision never replaces a newer one, whoever writes.
PUT = """
INSERT INTO alerts VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, body = excluded.body
WHERE excluded.revision > alerts.revision
"""


def put(base: sqlite3.Connection, alert: Alert) -> None:
    """Write a row and wait until it is on the disk."""
    with base:
        base.execute(PUT, (alert.id, alert.revision, alert.model_dump_json()))


async def keep(file: Path) -> None:
    """Follow the alerts for ever."""
    base = sqlite3.connect(file)
    base.execute(TABLE)
    have = dict(base.execute("SELECT id, revision FROM alerts"))

    def drop(id: str) -> None:
        with base:
            base.execute("DELETE FROM alerts WHERE id = ?", (id,))

    async with alerts("keep-python", member="keep-python-1", have=have, gone=drop) as found:
        async for alert in found:
            put(base, alert)


if __name__ == "__main__":
    asyncio.run(keep(Path(sys.argv[1])))
