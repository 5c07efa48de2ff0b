"""Articles for benchmarks: the demo's own texts, varied so that no two are the same to any step."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from deploy.demo.newsroom import load_articles
from deploy.local import DEMO
from pipeline.records import Article, stable_id


def articles(count: int, seed: int) -> list[Article]:
    """Return so many articles of real length (1,000–3,000 characters), with different ids, numbers and order of text.

    Args:
        count: how many.
        seed: of the variation; other seeds give other ids.
    """
    chance = random.Random(seed)
    texts = load_articles(DEMO / "articles.jsonl")
    now = datetime.now(UTC)
    made = []
    for n in range(count):
        text = texts[n % len(texts)]
        first, *rest = text.body
        chance.shuffle(rest)
        number = chance.randrange(10_000, 99_999)
        made.append(
            Article(
                id=stable_id("bench", str(seed), str(n)),
                source_id=text.outlet,
                source=text.outlet,
                url=f"https://example.com/{seed}/{n}",
                title=f"{text.title} ({number})",
                text="\n".join((first, *rest)),
                published=now - timedelta(seconds=n % 3600),
                fetched=now,
                language_hint=text.language,
                revision=str(number),
            )
        )
    return made
