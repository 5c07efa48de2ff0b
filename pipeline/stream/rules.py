"""The keyword rules in service, as the topic `rules` says; an article is judged by the old ones or by the new ones."""

from __future__ import annotations

import gc

import structlog

from pipeline.following import Following
from pipeline.rules.files import Rules
from pipeline.rules.match import Book, opened
from pipeline.settings import KafkaSettings
from pipeline.topics import RULES

log = structlog.get_logger()


def following(settings: KafkaSettings) -> Following[Book]:
    """Return what keeps the rules as the topic has them."""
    return Following(settings, RULES, opened, Book(Rules()), _settled)


def _settled(book: Book) -> None:
    # Thousands of rules are hundreds of thousands of objects that stay: looking for garbage among them again and again
    # costs more than asking them.
    gc.collect()
    gc.freeze()
    log.info("rules in service", rules=len(book.rules.rules), version=book.version)
