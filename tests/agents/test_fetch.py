"""The door: what it opens, and what it shuts in time."""

from __future__ import annotations

import asyncio
import gc
import resource
import shutil
import ssl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents import fetch, turns
from agents.errors import Blocked, Fault, Garbled, Gone, Refused, Soft, TooBig, Unreachable
from agents.fetch import Door
from pipeline.errors import BadInput, Permanent, Transient
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

PRIVATE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:9092/",
    "http://localhost/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::7f00:1]/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://10.1.2.3/",
    "http://100.64.0.1/",
    "http://192.168.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[2002:7f00:1::]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
]


@pytest.mark.parametrize("url", PRIVATE)
async def test_private_addresses_are_refused(url: str) -> None:
    """No spelling of a private address gets as far as a socket."""
    async with Door(FetchSettings()) as door:
        with pytest.raises(Refused):
            await door.get(url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.org/",
        "ftp://example.org/",
        "http://u:p@example.org/",
        "//evil",
        "",
        "x",
        "http://",
        "http://a..b/",
        "http://" + "a" * 300 + "/",
        "http://[::1/",
        "javascript:alert(1)",
    ],
)
async def test_other_urls_are_refused(url: str) -> None:
    """Only http and https to a plain host are asked."""
    async with Door(FetchSettings()) as door:
        with pytest.raises(Refused):
            await door.get(url)


async def test_answer_carries_validators_verbatim(web: Web, fetch_settings: FetchSettings) -> None:
    """What the server says about its version comes back to it unchanged, and 304 is an answer."""
    web.put("/feed", b"<rss/>", ETag='W/"a,b"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
    async with Door(fetch_settings) as door:
        first = await door.get(web.url("/feed"))
        assert (first.status, first.body, first.etag) == (200, b"<rss/>", 'W/"a,b"')
        web.put("/feed", b"", status=304)
        second = await door.get(web.url("/feed"), first.etag, first.last_modified)
    asked = web.asked[-1][1]
    assert second.not_modified
    assert second.body == b""
    assert asked["if-none-match"] == 'W/"a,b"'
    assert asked["if-modified-since"] == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert asked["accept-encoding"] == "gzip"
    assert asked["host"] == f"127.0.0.1:{web.port}"


async def test_proxies_of_the_environment_are_not_used(
    web: Web, fetch_settings: FetchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would resolve and connect for us, past the address check."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1/")
    web.put("/", b"here")
    async with Door(fetch_settings) as door:
        assert (await door.get(web.url("/"))).body == b"here"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/secret",
        "//127.0.0.2:{port}/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.2/",
        "http://2130706434:{port}/",
        "http://u:p@127.0.0.1:{port}/",
    ],
)
async def test_redirect_is_checked_like_a_first_request(web: Web, location: str) -> None:
    """A server that may be asked cannot send us where we may not go, not even three hops deep."""
    settings = FetchSettings(allow=("127.0.0.1/32",), total=2.0, interval=0)
    web.put("/secret", b"secret")
    web.put("/1", b"", status=302, Location="/2")
    web.put("/2", b"", status=301, Location="/3")
    web.put("/3", b"", status=307, Location=location.format(port=web.port))
    async with Door(settings) as door:
        with pytest.raises(Refused):
            await door.get(web.url("/1"))
    assert [path for path, _ in web.asked] == ["/1", "/2", "/3"]


async def test_redirects_end(web: Web, fetch_settings: FetchSettings) -> None:
    """A circle ends at once, a chain that grows ends after the hops that are allowed."""

    async def grow(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        path = web.asked[-1][0]
        web.routes[f"{path}x"] = grow
        writer.write(f"HTTP/1.1 301 X\r\nLocation: {path}x\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    web.put("/circle", b"", status=301, Location="/circle")
    web.routes["/grow?x"] = grow
    async with Door(fetch_settings) as door:
        with pytest.raises(Refused, match="circle"):
            await door.get(web.url("/circle"))
        assert len(web.asked) == 1
        with pytest.raises(Refused, match="circle"):
            await door.get(web.url("/grow?x"))
        assert len(web.asked) == 2 + fetch_settings.redirects


async def test_redirect_is_followed_and_told(web: Web, fetch_settings: FetchSettings) -> None:
    """The answer says which URL answered in the end."""
    web.put("/a", b"", status=308, Location="b?x=ü")
    web.put("/b?x=%C3%BC", b"there")
    async with Door(fetch_settings) as door:
        answer = await door.get(web.url("/a#part"))
    assert (answer.body, answer.hops, answer.url) == (b"there", 1, web.url("/b?x=%C3%BC"))


async def test_rebinding_is_refused(web: Web) -> None:
    """The address that is dialled is the one that was checked; one private address among public ones refuses all."""
    answers = [["93.184.216.34", "127.0.0.1"], ["127.0.0.1"], ["::ffff:127.0.0.1"], ["93.184.216.34", "fe80::1%eth0"]]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return answers.pop()

    async with Door(FetchSettings(total=1.0, interval=0), resolve) as door:
        while answers:
            with pytest.raises(Refused, match="not public"):
                await door.get(f"http://rebind.example:{web.port}/")
    assert web.connections == 0


async def test_name_goes_to_the_checked_address(web: Web, fetch_settings: FetchSettings) -> None:
    """One question per connection, and `Host` keeps the name."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    web.put("/", b"x")
    async with Door(fetch_settings, resolve) as door:
        await door.get(f"http://news.example:{web.port}/")
    assert asked == ["news.example"]
    assert web.asked[0][1]["host"] == f"news.example:{web.port}"


async def test_unknown_and_silent_names_are_unreachable() -> None:
    """A name without address, and one whose name server says nothing, may be there another time."""

    async def nothing(host: str, port: int) -> Sequence[str]:
        if host == "silent.example":
            await asyncio.Event().wait()
        return []

    async with Door(FetchSettings(connect=0.2, total=1.0), nothing) as door:
        for host in ("none.example", "silent.example"):
            with pytest.raises(Unreachable):
                await door.get(f"http://{host}/")


async def test_gzip_is_decoded(web: Web, fetch_settings: FetchSettings) -> None:
    """One gzip is what we ask for; several members and padding after them are still one body."""
    web.put_gzip("/", b"Zeile\n" * 1000)
    async with Door(fetch_settings) as door:
        assert (await door.get(web.url("/"))).body == b"Zeile\n" * 1000


async def test_bombs_do_not_become_memory(web: Web, fetch_settings: FetchSettings) -> None:
    """Two hundred megabytes in two hundred kilobytes, or in five hundred bytes, stop where the limit is."""
    zeros = bytes(200 << 20)
    web.put_gzip("/single", zeros)
    web.put_gzip("/double", zeros, times=2)
    del zeros
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with Door(fetch_settings) as door:
        with pytest.raises(TooBig):
            await door.get(web.url("/single"))
        with pytest.raises(Refused, match="not asked for"):
            await door.get(web.url("/double"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "gzip,br", "zstd", "x"])
async def test_codings_that_were_not_asked_for_are_refused(
    web: Web, fetch_settings: FetchSettings, coding: str
) -> None:
    """Only gzip, and only once."""
    web.put("/", b"body", Content_Encoding=coding)
    async with Door(fetch_settings) as door:
        with pytest.raises(Refused):
            await door.get(web.url("/"))


async def test_broken_gzip_is_garbled(web: Web, fetch_settings: FetchSettings) -> None:
    """A body that breaks off or never was gzip is told apart from a good one."""
    web.put_gzip("/", b"Zeile\n" * 1000)
    whole = web.routes["/"]
    assert isinstance(whole, bytes)
    body = whole.partition(b"\r\n\r\n")[2]
    web.put("/short", body[:-12], Content_Encoding="gzip")
    web.put("/plain", b"<rss/>", Content_Encoding="gzip")
    async with Door(fetch_settings) as door:
        for path in ("/short", "/plain"):
            with pytest.raises(Garbled):
                await door.get(web.url(path))


async def test_bodies_end_at_the_limit(web: Web) -> None:
    """Endless, announced as huge, or merely too long: cut, and not kept."""

    async def endless(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
            await writer.drain()

    web.routes["/endless"] = endless
    web.routes["/announced"] = b"HTTP/1.1 200 X\r\nContent-Length: 10000000000\r\n\r\n"
    web.put("/long", bytes(300_000))
    settings = FetchSettings(allow=("127.0.0.0/8",), wire_most=200_000, total=5.0)
    async with Door(settings) as door:
        for path in ("/endless", "/announced", "/long"):
            with pytest.raises(TooBig):
                await door.get(web.url(path))


async def test_length_that_lies_is_believed_but_no_further(web: Web, fetch_settings: FetchSettings) -> None:
    """Ten bytes announced are ten bytes read, and what follows does not become the next answer."""
    web.routes["/lie"] = b"HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\n" + b"x" * 100_000
    web.put("/next", b"next")
    async with Door(fetch_settings) as door:
        assert (await door.get(web.url("/lie"))).body == b"x" * 10
        assert (await door.get(web.url("/next"))).body == b"next"


@pytest.mark.parametrize("what", ["body", "headers", "silence"])
async def test_dripping_ends_in_time(web: Web, what: str) -> None:
    """A byte now and then keeps no connection beyond the total time, and the door still works afterwards."""

    async def drip(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if what == "body":
            writer.write(b"HTTP/1.1 200 X\r\n\r\n")
        while what != "silence":
            writer.write(b"x" if what == "body" else b"HTTP/1.1 200 X\r\n"[:1])
            await writer.drain()
            await asyncio.sleep(0.05)
        await asyncio.Event().wait()

    web.routes["/drip"] = drip
    web.put("/good", b"good")
    settings = FetchSettings(allow=("127.0.0.0/8",), total=0.4, read=0.3, connect=0.3, per_host=8, interval=0)
    async with Door(settings) as door:
        begun = time.monotonic()
        got = await asyncio.gather(*(door.get(web.url("/drip")) for _ in range(8)), return_exceptions=True)
        assert all(isinstance(one, Unreachable | Garbled) for one in got)
        assert time.monotonic() - begun < 2.0
        for _ in range(8):
            assert (await door.get(web.url("/good"))).body == b"good"


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 X\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(200_000)) + b"\r\n",
        b"HTTP/1.1 200 X\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"HALLO\r\n\r\n",
        b"<html>HTTP/0.9</html>\r\n\r\n",
        b"HTTP/1.1 9999999 X\r\n\r\n",
    ],
    ids=["many", "long", "no status", "old", "strange status"],
)
async def test_what_is_no_http_is_garbled(web: Web, fetch_settings: FetchSettings, raw: bytes) -> None:
    """Floods of headers and broken status lines are the server's fault, and told as such."""
    web.routes["/"] = raw
    async with Door(fetch_settings) as door:
        with pytest.raises(Garbled):
            await door.get(web.url("/"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, Gone), (410, Gone), (403, Blocked), (451, Blocked), (429, Soft), (503, Soft), (500, Soft), (204, Soft)],
)
async def test_statuses_have_kinds(web: Web, fetch_settings: FetchSettings, status: int, kind: type[Fault]) -> None:
    """A status says whether trying again can help, and how long to wait."""
    web.put("/", b"", status=status, Retry_After="120")
    async with Door(fetch_settings) as door:
        with pytest.raises(kind) as caught:
            await door.get(web.url("/"))
    assert (caught.value.status, caught.value.retry_after) == (status, 120.0)
    assert isinstance(caught.value, Transient if kind is Soft else Permanent)


@pytest.mark.parametrize(("said", "meant"), [("-5", None), ("Wed, 21 Oct 1815 07:28:00 GMT", None), ("soon", None)])
async def test_pauses_that_cannot_be_meant_are_none(
    web: Web, fetch_settings: FetchSettings, said: str, meant: float | None
) -> None:
    """Negative, past and wordy pauses say nothing."""
    web.put("/", b"", status=429, Retry_After=said)
    async with Door(fetch_settings) as door:
        with pytest.raises(Soft) as caught:
            await door.get(web.url("/"))
    assert caught.value.retry_after == meant


async def test_host_that_hangs_holds_only_its_own_places(web: Web) -> None:
    """Many requests to a silent host do not keep one to another host waiting."""

    async def silence(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    web.routes["/hang"] = silence
    web.put("/good", b"good")
    settings = FetchSettings(allow=("127.0.0.0/8",), total=5.0, at_once=3, per_host=2, interval=0)
    async with Door(settings) as door:
        hanging = [asyncio.create_task(door.get(web.url("/hang"))) for _ in range(20)]
        while len(web.asked) < 2:
            await asyncio.sleep(0)
        async with asyncio.timeout(1.0):
            answer = await door.get(f"http://localhost:{web.port}/good")
        assert answer.body == b"good"
        assert [path for path, _ in web.asked].count("/hang") == 2
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_tls_is_checked_and_ends_in_time(web: Web) -> None:
    """A server that speaks no TLS, and one whose handshake stalls, are unreachable."""

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(stall, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    settings = FetchSettings(allow=("127.0.0.0/8",), total=0.5, connect=0.2)
    async with Door(settings) as door:
        for url in (f"https://127.0.0.1:{web.port}/", f"https://127.0.0.1:{port}/"):
            with pytest.raises(Unreachable):
                await door.get(url)
    silent.close()


async def _hosts(host: str, port: int) -> Sequence[str]:
    """Resolve every name to loopback."""
    return ["127.0.0.1"]


async def _silence(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_hosts_that_hung_have_a_lane_of_their_own(web: Web) -> None:
    """Many hosts that were silent before hold none of the turns the next time."""
    web.routes["/hang"] = _silence
    web.put("/good", b"good")
    hosts = [f"http://h{number}.example:{web.port}/hang" for number in range(8)]
    settings = FetchSettings(allow=("127.0.0.0/8",), total=5.0, read=0.2, at_once=4, interval=0)
    async with Door(settings, _hosts) as door:
        first = await asyncio.gather(*(door.get(url) for url in hosts), return_exceptions=True)
        assert all(isinstance(one, Unreachable) for one in first)
        web.asked.clear()
        again = [asyncio.create_task(door.get(url)) for url in hosts]
        async with asyncio.timeout(0.15):
            assert (await door.get(f"http://good.example:{web.port}/good")).body == b"good"
        assert len(web.asked) <= 5
        for task in again:
            task.cancel()
        await asyncio.gather(*again, return_exceptions=True)


async def test_what_takes_long_steps_aside(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that hangs gives its turn away, but only while there is room beside the turns."""
    monkeypatch.setattr(turns, "_PATIENCE", 0.1)
    web.routes["/hang"] = _silence
    web.put("/good", b"good")
    settings = FetchSettings(allow=("127.0.0.0/8",), total=5.0, at_once=2, interval=0)
    async with Door(settings, _hosts) as door:
        hanging = [asyncio.create_task(door.get(f"http://h{n}.example:{web.port}/hang")) for n in range(5)]
        async with asyncio.timeout(2.0):
            assert (await door.get(f"http://good.example:{web.port}/good")).body == b"good"
        more = [asyncio.create_task(door.get(f"http://h{n}.example:{web.port}/hang")) for n in range(5, 9)]
        await asyncio.sleep(0.5)
        assert [path for path, _ in web.asked].count("/hang") == 6
        for task in (*hanging, *more):
            task.cancel()
        await asyncio.gather(*hanging, *more, return_exceptions=True)


async def test_hosts_have_pauses(web: Web, fetch_settings: FetchSettings) -> None:
    """Two requests to one host begin so many seconds apart; another host does not wait for them."""
    times: dict[str, list[float]] = {}

    async def note(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        times.setdefault(headers["host"].partition(":")[0], []).append(time.monotonic())
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    web.routes["/"] = note
    async with Door(fetch_settings.model_copy(update={"interval": 0.2}), _hosts) as door:
        urls = [f"http://{host}.example:{web.port}/" for host in ("a", "a", "b", "a")]
        await asyncio.gather(*(door.get(url) for url in urls))
    first, second, third = times["a.example"]
    assert min(second - first, third - second) >= 0.15
    assert times["b.example"][0] < second


async def test_slow_answers_end_early(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that comes slower than any modem did is given up long before its total time is over."""
    monkeypatch.setattr(fetch, "_SETTLED", 0.2)

    async def drip(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    web.routes["/drip"] = drip
    begun = time.monotonic()
    async with Door(FetchSettings(allow=("127.0.0.0/8",), total=20.0)) as door:
        with pytest.raises(Unreachable, match="bytes in"):
            await door.get(web.url("/drip"))
    assert time.monotonic() - begun < 3.0


async def test_large_answers_at_once_are_bounded(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """While too many bytes are in somebody's hands, only small answers are taken; dropped ones make room."""
    monkeypatch.setattr(fetch, "_HELD_MOST", 3_000_000)
    web.put("/large", bytes(2_000_000))
    web.put("/small", bytes(100_000))
    async with Door(FetchSettings(allow=("127.0.0.0/8",), interval=0)) as door:
        first = await door.get(web.url("/large"))
        with pytest.raises(Soft, match="later"):
            await door.get(web.url("/large"))
        assert len((await door.get(web.url("/small"))).body) == 100_000
        del first
        gc.collect()
        assert len((await door.get(web.url("/large"))).body) == 2_000_000


@pytest.mark.parametrize(("statuses", "moved"), [((301, 308), True), ((301, 302), False), ((), False)])
async def test_moves_for_good_are_told(
    web: Web, fetch_settings: FetchSettings, statuses: tuple[int, ...], moved: bool
) -> None:
    """Only where every hop says that it is for good."""
    for number, status in enumerate(statuses):
        web.put(f"/{number}", b"", status=status, Location=f"/{number + 1}")
    web.put(f"/{len(statuses)}", b"here")
    async with Door(fetch_settings) as door:
        assert (await door.get(web.url("/0"))).moved is moved


def _self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that only we believe, and its key."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return certificate, key


async def test_certificates_are_checked(web: Web, tmp_path: Path) -> None:
    """A server with a certificate that nobody vouches for is not talked to."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not here")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*_self_signed(tmp_path))
    web.put("/", b"secret")
    server = await asyncio.start_server(web.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with Door(FetchSettings(allow=("127.0.0.0/8", "::1/128"), interval=0)) as door:
        for host in ("localhost", "127.0.0.1"):
            with pytest.raises(Unreachable, match=r"(?i)certificate"):
                await door.get(f"https://{host}:{port}/")
    server.close()
    assert web.asked == []


async def test_cancelled_requests_leave_the_door_usable(web: Web, fetch_settings: FetchSettings) -> None:
    """Giving up requests under load leaves no place taken for ever."""
    web.routes["/hang"] = _silence
    web.put("/good", b"good")
    async with Door(fetch_settings.model_copy(update={"at_once": 4, "per_host": 4}), _hosts) as door:
        for _ in range(20):
            tasks = [asyncio.create_task(door.get(web.url("/hang"))) for _ in range(12)]
            await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(2.0):
            answers = await asyncio.gather(*(door.get(web.url("/good")) for _ in range(20)))
    assert [answer.body for answer in answers] == [b"good"] * 20


async def test_errors_show_no_secrets(web: Web, fetch_settings: FetchSettings) -> None:
    """Keys in a query do not reach messages, which end up in logs."""
    async with Door(fetch_settings) as door:
        with pytest.raises(Gone) as caught:
            await door.get(web.url("/feed?key=s3cret"))
    assert "s3cret" not in str(caught.value)


def test_allowed_networks_are_checked() -> None:
    """A network that is not one is the deployment's mistake, told with the name of the setting."""
    with pytest.raises(BadInput, match="STELLWERK_FETCH__ALLOW"):
        Door(FetchSettings(allow=("localhost",)))
