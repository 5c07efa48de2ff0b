"""Logs go to standard error, as lines to read or as JSON; standard output belongs to results."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import structlog

from pipeline.settings import LogSettings


def start(settings: LogSettings, role: str = "", secrets: Iterable[str] = ()) -> None:
    """Set up logging for this process.

    Args:
        settings: level and form.
        role: stands in every line.
        secrets: are blacked out in every line, whoever writes it.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = settings.form == "json"
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Sparse())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last, _Blackened(secrets)],
        )
    )
    logging.basicConfig(level=settings.level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.level)),
        # A cached logger would keep today's level and form for ever, also where logging is set up again.
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    if role:
        structlog.contextvars.bind_contextvars(role=role)


#: Libraries that report every step; Faust sets its loggers' levels by itself, so that only a filter helps.
_CHATTY = ("aiokafka", "faust", "mode", "opentelemetry")


class _Blackened:
    """Takes secrets out of a finished line, also as they stand in JSON or in a URL.

    Args:
        secrets: those shorter than four characters stand in too many words.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        told = [one for one in secrets if len(one) >= 4]
        forms = {form for one in told for form in (one, json.dumps(one)[1:-1], quote(one, safe=""))}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, logger: object, method: str, event: Any) -> str:
        line = str(event)
        for form in self._forms:
            line = line.replace(form, "***")
        return line


class _Sparse(logging.Filter):
    """Lets warnings of chatty libraries pass, one a second from each place: a lost broker gives ten."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the line is written."""
        if not record.name.startswith(_CHATTY):
            return True
        if record.levelno < logging.WARNING:
            return False
        place = (record.name, record.lineno)
        if record.created - self._last.get(place, 0.0) < 1.0:
            return False
        self._last[place] = record.created
        return True
