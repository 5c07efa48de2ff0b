"""Good sources beside hostile ones."""

from __future__ import annotations

import pytest
import structlog

from benchmarks.ingest import hostile

pytestmark = pytest.mark.slow


async def test_hanging_hosts_do_not_delay_good_ones() -> None:
    """200 hosts that never answer or never end, 50 good ones: these keep their schedule, and memory is bounded."""
    with structlog.testing.capture_logs():
        found = await hostile(20.0)
    print(
        f"\n{len(found.late)} polls of good sources, late: p99 {found.p99:.1f} s, most {max(found.late):.1f} s;", end=""
    )
    print(f" memory grew by {found.grown:.0f} MB to {found.peak:.0f} MB")
    assert len(found.late) > 200
    assert found.p99 < 10.0
    assert found.grown < 400.0
