"""Write alerts into a data lake: Parquet files, partitioned by the day they were updated, in a folder or behind a URL.

    python lake.py alerts/                      # a folder
    python lake.py s3://lake/stellwerk/alerts   # needs requirements.txt and credentials as s3fs finds them

A file holds what came in half a minute, at most a thousand revisions, and is there whole or not at all. The alerts are
acknowledged after it is: a crash writes some revisions into two files. So ask for the latest of each, in DuckDB:

    SELECT * FROM 'alerts/*/*.parquet' QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from itertools import groupby

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.client import Alerts, alerts
from pipeline.records import Alert

SECONDS, MOST = float(os.environ.get("LAKE_SECONDS", "30")), 1000
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "revision": pa.int32(),
        "state": pa.string(),
        "account": pa.string(),
        "type": pa.string(),
        "status": pa.string(),
        "probability": pa.float32(),
        "updated": pa.timestamp("ms", tz="UTC"),
        "body": pa.string(),
    }
)


def row(alert: Alert) -> dict[str, object]:
    """Return the columns that are asked for often, and the whole alert as JSON."""
    return {
        "id": alert.id,
        "revision": alert.revision,
        "state": str(alert.state),
        "account": alert.account.id,
        "type": str(alert.signal.type),
        "status": str(alert.signal.status),
        "probability": alert.signal.probability,
        "updated": alert.updated,
        "body": alert.model_dump_json(),
    }


async def batch(found: Alerts) -> list[Alert]:
    """Return what comes within `SECONDS`, at most `MOST`."""
    came: list[Alert] = []
    try:
        async with asyncio.timeout(SECONDS):
            while len(came) < MOST:
                came.append(await anext(found))
    except TimeoutError:
        pass
    return came


def write(url: str, came: list[Alert]) -> None:
    """Write one file for each day; each is there whole or not at all."""
    place, root = fsspec.core.url_to_fs(url)

    def day(alert: Alert) -> str:
        return f"{alert.updated:%Y-%m-%d}"

    for name, group in groupby(sorted(came, key=day), day):
        folder = f"{root}/day={name}"
        place.makedirs(folder, exist_ok=True)
        table = pa.Table.from_pylist([row(alert) for alert in group], SCHEMA)
        with place.transaction, place.open(f"{folder}/{uuid.uuid4().hex}.parquet", "wb") as file:
            pq.write_table(table, file, compression="zstd")


async def main(url: str) -> None:
    """Follow the alerts for ever."""
    async with alerts("lake", member="lake-1", manual=True) as found:
        while True:
            came = await batch(found)
            if came:
                await asyncio.to_thread(write, url, came)
                await found.acknowledge()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
