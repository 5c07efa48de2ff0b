"""Put every alert into a CRM by REST, again until it has it, and go on where it stopped.

    CRM_URL=https://crm.example.org/api CRM_TOKEN_FILE=/run/secrets/crm python upsert.py

One request for each revision: `PUT {CRM_URL}/alerts/{id}` with `revision` in the body. It may be repeated at will: the
CRM writes it when it holds none or an older one, and answers 409 when it holds a newer one. What it refuses for good
(any other 4xx) goes to standard error as one JSON line, and the next alert is taken.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp

from pipeline.client import alerts
from pipeline.records import Alert

#: Seconds between two tries: the first, and the longest.
PAUSE, PAUSE_MOST = 0.2, 30.0
#: Answers that mean "later": too many, and whatever a proxy says for a CRM that is away.
LATER = {408, 425, 429, 500, 502, 503, 504}


def row(alert: Alert) -> dict[str, Any]:
    """Return what the CRM wants to know: your fields go here."""
    newest = alert.evidence[-1] if alert.evidence else None
    return {
        "revision": alert.revision,
        "state": alert.state,
        "account": alert.account.id,
        "owner": alert.account.owner,
        "type": alert.signal.type,
        "status": alert.signal.status,
        "probability": alert.signal.probability,
        "sentence": newest.text if newest else "",
        "link": newest.url if newest else "",
        "published": alert.published.isoformat(),
    }


async def put(crm: aiohttp.ClientSession, url: str, alert: Alert) -> None:
    """Send an alert until the CRM has it or refuses it for good."""
    pause = PAUSE
    while True:
        try:
            async with crm.put(f"{url}/alerts/{alert.id}", json=row(alert)) as answer:
                if answer.status not in LATER:
                    if answer.status >= 400 and answer.status != 409:
                        refused = {"refused": alert.id, "revision": alert.revision, "status": answer.status}
                        print(json.dumps(refused), file=sys.stderr)
                    return
        except (aiohttp.ClientError, TimeoutError) as error:
            print(json.dumps({"again": alert.id, "error": repr(error)[:200]}), file=sys.stderr)
        await asyncio.sleep(pause)
        pause = min(PAUSE_MOST, pause * 2)


async def main() -> None:
    """Follow the alerts for ever."""
    url = os.environ["CRM_URL"].rstrip("/")
    file = os.environ.get("CRM_TOKEN_FILE")
    headers = {"Authorization": f"Bearer {Path(file).read_text().strip()}"} if file else {}
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as crm, alerts("crm", member="crm-1") as found:
        async for alert in found:
            await put(crm, url, alert)


if __name__ == "__main__":
    asyncio.run(main())
