"""Schemas in a registry: a real one (Apicurio, spoken to as Confluent's), and answers that none gives on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from deploy.broker import free_port
from deploy.children import Child
from pipeline.cli import app
from pipeline.contract.register import Registry
from pipeline.contract.schemas import schemas
from pipeline.errors import BadInput, NotReady, Transient

VERSION = "3.0.9"
FOLDER = Path(__file__).parents[2] / ".stellwerk" / f"apicurio-{VERSION}"


def _apicurio() -> Path:
    """Return the registry's jar; Maven gets it once."""
    jar = FOLDER / f"apicurio-registry-app-{VERSION}-runner.jar"
    if jar.exists():
        return jar
    if not shutil.which("mvn"):
        pytest.skip("Maven is missing: no real registry to test with")
    artifact = f"io.apicurio:apicurio-registry-app:{VERSION}:zip:all"
    # The old plugin, and no `copy`: newer ones read the artifact's parents, which not every mirror has.
    plugin = "org.apache.maven.plugins:maven-dependency-plugin:2.8"
    command = ["mvn", "-q", "-B", f"{plugin}:get", "-Dtransitive=false", f"-Dartifact={artifact}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    if done.returncode:
        pytest.skip(f"no real registry to be had: {done.stdout[:500]}")
    kept = Path.home() / ".m2" / "repository" / "io" / "apicurio" / "apicurio-registry-app" / VERSION
    with zipfile.ZipFile(kept / f"apicurio-registry-app-{VERSION}-all.zip") as archive:
        archive.extractall(FOLDER)
    return jar


def _get(url: str) -> object:
    with urlopen(url, timeout=10) as answer:
        return json.load(answer)


@pytest.mark.slow
async def test_a_real_registry_holds_every_schema(tmp_path: Path) -> None:
    """Registered twice, each topic's subject has one version, and the schema in it is ours; a bad one is refused."""
    jar = await asyncio.to_thread(_apicurio)
    port = free_port()
    options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", f"-Dquarkus.http.port={port}", "-Dquarkus.http.host=127.0.0.1"]
    child = Child("registry", ["java", *options, "-jar", str(jar)], log=tmp_path / "registry.log")
    url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    await child.start()
    try:
        async with asyncio.timeout(120):
            while not await asyncio.to_thread(_answers, url):
                assert child.running, child.tail()
                await asyncio.sleep(0.2)
        runner, command = CliRunner(), ["contract", "register", url, "--compatibility", "NONE"]
        for _ in range(2):
            said = await asyncio.to_thread(runner.invoke, app, command)
            assert said.exit_code == 0, said.output
        subjects = _get(f"{url}/subjects")
        assert "stellwerk.alerts-value" in subjects
        assert _get(f"{url}/subjects/stellwerk.alerts-value/versions") == [1]
        latest = _get(f"{url}/subjects/stellwerk.alerts-value/versions/latest")
        assert isinstance(latest, dict)
        assert json.loads(latest["schema"]) == schemas()["Alert"]
        assert len(said.output.splitlines()) == len(subjects)
        with pytest.raises(NotReady, match="registry: 4"):
            await asyncio.to_thread(Registry(url).put, "broken-value", {"type": "no such type"})
    finally:
        await child.stop()


def _answers(url: str) -> bool:
    try:
        return _get(f"{url}/subjects") == []
    except (URLError, ConnectionError, TimeoutError):
        return False


@contextlib.contextmanager
def _stub(status: int, body: bytes, seen: list[tuple[str, str, dict[str, str]]]) -> Iterator[str]:
    """Serve one answer to everything on loopback: no registry, only what one might say."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.command, self.path, dict(self.headers)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/path"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_a_registry_refuses_is_said_in_its_words() -> None:
    """A conflict and a login that is refused come out with the registry's own message; the login was sent."""
    seen: list[tuple[str, str, dict[str, str]]] = []
    conflict = b'{"error_code": 409, "message": "Schema being registered is incompatible"}'
    with (
        _stub(409, conflict, seen) as url,
        pytest.raises(NotReady, match=r"registry: 409 at /subjects/a%2Fb-value/versions: Schema being .* incompatible"),
    ):
        Registry(url, "me:secret").put("a/b-value", {})
    ((_, path, headers),) = seen
    assert path == "/path/subjects/a%2Fb-value/versions"
    assert headers["Authorization"] == "Basic bWU6c2VjcmV0"
    assert headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_what_is_no_registry_is_named(body: bytes) -> None:
    """Something else that answers is told apart from a registry."""
    with _stub(200, body, []) as url, pytest.raises(NotReady, match="is it a registry"):
        Registry(url).put("a-value", {})


def test_addresses_that_cannot_be_are_refused() -> None:
    """No scheme, a file, a login in the URL, a password without TLS, and nobody at home: each says so."""
    for url in ("localhost:8081", "file:///etc/passwd", "http://me:secret@localhost:8081"):
        with pytest.raises(BadInput, match="write http://host:port"):
            Registry(url)
    with pytest.raises(BadInput, match="must be https"):
        Registry("http://registry.example:8081", "me:secret")
    with pytest.raises(Transient, match="no registry at"):
        Registry(f"http://127.0.0.1:{free_port()}").put("a-value", {})
