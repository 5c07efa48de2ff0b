"""Logs go to standard error, as lines to read or as JSON; standard output belongs to results."""

from __future__ import annotations

import logging
import sys

import structlog

from pipeline.settings import LogSettings


def start(settings: LogSettings, role: str = "") -> None:
    """Set up logging for this process; `role` stands in every line."""
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
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
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
_CHATTY = ("aiokafka", "faust", "mode")


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
