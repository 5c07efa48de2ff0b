"""The demo's web site: four invented outlets on loopback, with feeds and pages, and news that keeps arriving.

    articles.jsonl --load_articles--> DemoArticle --feeds, pages--> bytes --site, make_server--> the browser

``site`` says what stands at which path; this file listens, tells the time, and answers 200, 304 or 404.
Run it with ``python -m deploy.demo.newsroom --port 0``; ``--host`` and ``--base-url`` are for a container's network.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deploy.demo.articles import DemoArticle, load_articles
from deploy.demo.feeds import render_atom, render_json_feed, render_rss
from deploy.demo.pages import render_page
from deploy.demo.site import Resource, resource, sources, unchanged

__all__ = [
    "DemoArticle", "Newsroom", "load_articles", "main", "make_server",
    "render_atom", "render_json_feed", "render_page", "render_rss", "sources",
]  # fmt: skip

Clock = Callable[[], datetime]


class Newsroom(ThreadingHTTPServer):
    """The listening site; ``serve_forever`` answers, each connection in a thread of its own."""

    request_queue_size = 64

    def __init__(
        self, articles: Sequence[DemoArticle], anchor: datetime, address: tuple[str, int], clock: Clock, base_url: str
    ) -> None:
        """Listen at ``address`` (port 0: a free one); see ``make_server``."""
        super().__init__(address, _Handler)
        self.articles, self.anchor, self.clock = tuple(articles), anchor, clock
        self._base_url = base_url.rstrip("/")

    @property
    def base_url(self) -> str:
        """The site's URL without a trailing slash, with the port that was really taken unless one was given."""
        return self._base_url or f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over clients that hang up; report everything else on stderr."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def find(self, path: str) -> Resource | None:
        """What the site has at ``path`` now."""
        return resource(path, self.articles, self.anchor, self.clock(), self.base_url)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def make_server(
    articles: Sequence[DemoArticle],
    anchor: datetime,
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    base_url: str = "",
    clock: Clock = _utc_now,
) -> Newsroom:
    """A site that listens already; the caller runs ``serve_forever`` and in the end ``server_close``.

    Args:
        articles: what the outlets print, in any order.
        anchor: the moment that the articles' times count from, with a time zone.
        port: TCP port; 0 takes a free one.
        host: address to listen on; anything but loopback is for a network of containers.
        base_url: what links begin with; empty makes it of address and port.
        clock: tells the time, with a time zone.

    Raises:
        ValueError: the anchor has no time zone.
        OSError: the port is taken.
    """
    if anchor.tzinfo is None:
        raise ValueError(f"the anchor {anchor} has no time zone")
    return Newsroom(articles, anchor, (host, port), clock, base_url)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the site until SIGTERM or SIGINT; prints one JSON line with its URL once it listens.

    Returns:
        0 after a signal. Wrong arguments or data end the process with 2.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        anchor = _kept(options.anchor_file) if options.anchor_file else options.anchor
        articles = load_articles(options.data / "articles.jsonl")
        server = make_server(articles, anchor, options.port, host=options.host, base_url=options.base_url)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        print(json.dumps({"url": server.base_url}), flush=True)
        stop.wait()
        server.shutdown()
        thread.join()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="newsroom", description="The demo's news outlets.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; loopback unless you say otherwise")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    parser.add_argument("--base-url", default="", help="what links begin with, where others reach it by another name")
    parser.add_argument("--anchor", type=_moment, default=_utc_now(), help="first start of the demo, ISO 8601")
    parser.add_argument("--anchor-file", type=Path, help="file that keeps the anchor; made at the first start")
    parser.add_argument("--data", type=Path, default=Path(__file__).parent, help="directory of articles.jsonl")
    return parser


def _kept(file: Path) -> datetime:
    """Return the anchor that a file keeps, or keep this moment: news must not become new by a restart."""
    if not file.exists():
        file.write_text(_utc_now().isoformat(timespec="seconds"))
    return datetime.fromisoformat(file.read_text().strip())


class _Handler(BaseHTTPRequestHandler):
    server: Newsroom
    protocol_version = "HTTP/1.1"
    server_version = "DemoNewsroom"
    disable_nagle_algorithm = True
    timeout = 30.0  # seconds that an idle connection is kept

    def do_GET(self) -> None:
        found = self.server.find(self.path.partition("?")[0])
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, Resource("text/plain; charset=utf-8", b"Not found\n"))
        elif unchanged(found, self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")):
            self._send(HTTPStatus.NOT_MODIFIED, found)
        else:
            self._send(HTTPStatus.OK, found)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the one line on stdout is for programs, and a demo's terminal is for people."""

    def _send(self, status: HTTPStatus, found: Resource) -> None:
        self.send_response(status)
        if status is not HTTPStatus.NOT_FOUND:
            self.send_header("ETag", found.etag)
            if found.modified:
                moment = found.modified.astimezone(UTC)
                self.send_header("Last-Modified", format_datetime(moment, usegmt=True))
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", found.content_type)
            self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        if status is not HTTPStatus.NOT_MODIFIED and self.command != "HEAD":
            self.wfile.write(found.body)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone")
    return moment


if __name__ == "__main__":
    sys.exit(main())
