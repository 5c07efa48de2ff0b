"""The sandbox: one call may fail, and only that one."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import feedparser
import pytest

from agents.errors import Exhausted, NotAFeed, Unparsable
from agents.feeds import parse_feed
from agents.sandbox import Sandbox

GOOD = b'<rss version="2.0"><channel><title>T</title><item><title>a</title></item></channel></rss>'
#: 31 KiB that cost a regular expression in the feed parser many seconds.
SLOW = GOOD.replace(b"</item>", b"<author>" + b"a." * 8000 + b"@" + b"a." * 8000 + b"</author></item>")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when the block takes longer."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


async def test_results_and_our_errors_come_back() -> None:
    """The caller cannot tell that it happened elsewhere."""
    async with Sandbox(1, 5.0) as sandbox:
        feed = await sandbox.run(parse_feed, GOOD, "https://a.example/")
        assert feed == parse_feed(GOOD, "https://a.example/")
        with pytest.raises(NotAFeed, match="an HTML page"):
            await sandbox.run(parse_feed, b"<html>", "https://a.example/")
        assert await sandbox.run(os.getpid) != os.getpid()


async def test_what_a_parser_raises_is_a_permanent_fault() -> None:
    """Anything that is not ours becomes one of ours, and the process goes on."""
    async with Sandbox(1, 5.0) as sandbox:
        process = await sandbox.run(os.getpid)
        with pytest.raises(Unparsable, match="ValueError"):
            await sandbox.run(int, "x")
        assert await sandbox.run(os.getpid) == process


async def test_endless_parsing_ends_and_harms_nobody() -> None:
    """A feed that would cost many seconds is given up in its deadline, while others are read beside and after it."""
    async with Sandbox(2, 1.0) as sandbox:
        # Our own reader is quick with this one; what stands behind it for broken feeds is not.
        slow = asyncio.create_task(sandbox.run(feedparser.parse, SLOW))
        for _ in range(20):
            assert (await sandbox.run(parse_feed, GOOD, "https://a.example/")).offered == 1
        with within(10.0), pytest.raises(Exhausted, match="CPU"):
            await slow
        feeds = await asyncio.gather(*(sandbox.run(parse_feed, GOOD, "https://a.example/") for _ in range(4)))
        assert [feed.offered for feed in feeds] == [1] * 4


async def test_memory_is_bounded() -> None:
    """A call that wants more than its share ends, and the next has a fresh process."""
    async with Sandbox(1, 5.0, memory_mb=512) as sandbox:
        with pytest.raises(Exhausted):
            await sandbox.run(bytearray, 2 << 30)
        assert await sandbox.run(int, "7") == 7


@pytest.mark.parametrize("signal", [9, 11, 15])
async def test_a_killed_process_is_replaced(signal: int) -> None:
    """Whatever kills a process, its call ends as Exhausted and the next one works."""
    async with Sandbox(1, 5.0) as sandbox:
        with pytest.raises(Exhausted, match=f"signal {signal}"):
            await sandbox.run(_kill_me, signal)
        assert await sandbox.run(int, "7") == 7


async def test_printing_does_not_break_the_pipe() -> None:
    """What a library prints is not taken for an answer."""
    async with Sandbox(1, 5.0) as sandbox:
        assert await sandbox.run(print, "noise") is None
        assert await sandbox.run(os.write, 1, b"noise") == 5


async def test_cancelling_frees_the_place() -> None:
    """A call that nobody waits for any more does not keep the next one waiting."""
    async with Sandbox(1, 60.0) as sandbox:
        process = await sandbox.run(os.getpid)
        task = asyncio.create_task(sandbox.run(time.sleep, 60.0))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with within(5.0):
            assert await sandbox.run(os.getpid) != process


async def test_closing_leaves_no_process() -> None:
    """After the sandbox its processes are gone, also those at work."""
    async with Sandbox(2, 60.0) as sandbox:
        process = await sandbox.run(os.getpid)
        task = asyncio.create_task(sandbox.run(time.sleep, 60.0))
        await asyncio.sleep(0)
    with pytest.raises(Exhausted):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def _kill_me(signal: int) -> None:
    os.kill(os.getpid(), signal)
