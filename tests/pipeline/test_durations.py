"""Time spans on the command line: one reader for all commands."""

import pytest
import typer

from pipeline.commands.start import duration


@pytest.mark.parametrize(
    ("written", "seconds"), [("60s", 60), ("1.5m", 90), ("2h", 7200), ("7d", 604_800), (" 45 ", 45), ("0s", 0)]
)
def test_a_span_is_read(written: str, seconds: float) -> None:
    """With its unit, or as a number of seconds."""
    assert duration(written).total_seconds() == seconds


@pytest.mark.parametrize("written", ["", "soon", "1w", "-1s", "1 h", "1h30m"])
def test_what_is_no_span_is_refused(written: str) -> None:
    """With what to write instead."""
    with pytest.raises(typer.BadParameter, match="write 60s, 30m, 12h or 7d"):
        duration(written)
