"""A web of one loopback server whose answers a test writes, byte by byte where it must."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from pipeline.settings import FetchSettings

Handler = Callable[[dict[str, str], asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Web:
    """The server: paths and what they answer, and what it was asked."""

    port: int = 0
    routes: dict[str, bytes | Handler] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def put(self, path: str, body: bytes, *, status: int = 200, kind: str = "text/html", **headers: str) -> None:
        """Answer a path with a well-formed answer."""
        named = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
        self.routes[path] = f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body

    def put_gzip(self, path: str, body: bytes, times: int = 1, **headers: str) -> None:
        """Answer a path with a body that is compressed, once or more often."""
        for _ in range(times):
            body = gzip.compress(body, 9)
        self.put(path, body, Content_Encoding=", ".join(["gzip"] * times), **headers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, request after request."""
        self.connections += 1
        try:
            while line := await reader.readline():
                path = line.decode().split(" ")[1]
                headers: dict[str, str] = {}
                while (raw := (await reader.readline()).decode("latin-1").strip()) != "":
                    name, _, value = raw.partition(":")
                    headers[name.lower()] = value.strip()
                self.asked.append((path, headers))
                route = self.routes.get(path, b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
                if isinstance(route, bytes):
                    writer.write(route)
                    await writer.drain()
                else:
                    await route(headers, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    """A loopback web server."""
    made = Web()
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await made.serve(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def fetch_settings() -> FetchSettings:
    """Settings that let the tests fetch from loopback, with short patience."""
    return FetchSettings(allow=("127.0.0.0/8",), total=2.0, connect=1.0, read=1.0, interval=0.0)
