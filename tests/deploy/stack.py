"""A deployment of docker-compose.yml for tests: a project of its own, the file as it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.broker import free_port
from pipeline.settings import KafkaSettings

ROOT = Path(__file__).parents[2]
COMPOSE = shlex.split(os.environ.get("STELLWERK_COMPOSE", "podman-compose"))
ENGINE = "docker" if COMPOSE[0].startswith("docker") else "podman"
IMAGE = "localhost/stellwerk:test"
PREVIOUS = f"{IMAGE}-previous"


def missing() -> str:
    """Return why the compose tests cannot run here; empty where they can."""
    if not all(shutil.which(program) for program in (ENGINE, COMPOSE[0])):
        return f"{ENGINE} or {COMPOSE[0]} is not on PATH (STELLWERK_COMPOSE names another compose)"
    if (ROOT / ".env").exists():
        return f"{ROOT / '.env'} would change the deployment under test"
    return ""


def environment(**more: str) -> dict[str, str]:
    """Return our environment without settings of ours that the shell happens to have."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STELLWERK_")}
    return {**clean, **more}


async def run(*command: str, seconds: float = 120.0, good: bool = True, **env: str) -> str:
    """Run a command in the project's folder and return what it printed on both outputs; `good` expects exit code 0."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=environment(**env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = said.decode(errors="replace")
    assert (process.returncode == 0) is good, f"{' '.join(command)}: exit code {process.returncode}\n{text[-4000:]}"
    return text


async def build(image: str, context: Path) -> None:
    """Build the image from the sources in a folder, by its Dockerfile."""
    command = [ENGINE, "build", "-f", str(context / "deploy" / "Dockerfile"), "-t", image, str(context)]
    await run(*command, seconds=1200)


async def previous(folder: Path) -> Path:
    """Unpack the sources before these: of the commit that STELLWERK_PREVIOUS names, or of the last but one.

    Its image is `PREVIOUS`, its compose file is in the folder.
    """
    commit = os.environ.get("STELLWERK_PREVIOUS", "HEAD~1")
    if not (ROOT / ".git").exists() or len((await run("git", "rev-list", "-n2", "HEAD")).split()) < 2:
        pytest.skip("no previous image: no git history here")
    archive = folder / "previous.tar"
    await run("git", "archive", "-o", str(archive), commit)
    await run("tar", "-x", "-C", str(folder), "-f", str(archive))
    await build(PREVIOUS, folder)
    return folder


class Stack:
    """One running project; image and files may be changed between two `up`.

    Args:
        config: the configuration folder; None for the demo's.
        more: other variables than the image and the ports.
    """

    def __init__(self, config: Path | None = None, **more: str) -> None:
        self.project = f"stellwerk-test-{uuid.uuid4().hex[:6]}"
        self.image, self.files = IMAGE, [ROOT / "docker-compose.yml"]
        self.push = free_port()
        port = str(free_port())
        self.kafka = KafkaSettings(bootstrap=f"127.0.0.1:{port}", wait=120.0)
        self._env = {"STELLWERK_PORT": port, "STELLWERK_PUSH__PORT": str(self.push), **more}
        if config:
            self._env["STELLWERK_CONFIG"] = str(config)

    async def compose(
        self, *arguments: str, profiles: tuple[str, ...] = ("demo",), seconds: float = 180.0, good: bool = True
    ) -> str:
        """Run a compose command on the project."""
        command = [*COMPOSE, "-p", self.project]
        command += [part for file in self.files for part in ("-f", str(file))]
        command += [part for profile in profiles for part in ("--profile", profile)]
        return await run(*command, *arguments, seconds=seconds, good=good, STELLWERK_IMAGE=self.image, **self._env)

    async def single(self, *arguments: str) -> str:
        """Run one command of ours beside what runs."""
        return await self.compose("run", "--rm", "-T", "stellwerk", *arguments, profiles=("tools",))

    async def containers(self, service: str = "") -> list[str]:
        """Return the names of a service's containers, or of all; scaled ones, too."""
        wanted = ["--filter", f"label=com.docker.compose.project={self.project}"]
        wanted += ["--filter", f"label=com.docker.compose.service={service}"] if service else []
        return sorted((await run(ENGINE, "ps", "-a", *wanted, "--format", "{{.Names}}")).split())

    async def inside(self, container: str, *command: str, good: bool = True) -> str:
        """Run a command in a container."""
        return await run(ENGINE, "exec", container, *command, good=good)

    async def healthy(self, service: str, count: int = 1, seconds: float = 150.0) -> float:
        """Wait until the health checks of a service's containers pass; return the seconds that it took."""
        began = time.monotonic()
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(AssertionError):
                    names = await self.containers(service)
                    assert len(names) == count
                    for name in names:
                        await self._check(name)
                    return time.monotonic() - began
                await asyncio.sleep(0.5)

    async def _check(self, name: str) -> None:
        """Run the container's own health check, as the file has it."""
        if ENGINE == "podman":
            await run(ENGINE, "healthcheck", "run", name)
            return
        # Docker has no command for that, and looks by itself every few seconds.
        said = await run(ENGINE, "inspect", "--format", "{{.State.Health.Status}}", name)
        assert said.strip() == "healthy"

    async def crash(self, service: str) -> None:
        """Kill everything in a service's container, as a fault would; the restart policy has to bring it back."""
        (name,) = await self.containers(service)
        began = await self._started(name)
        # Nothing is left to answer, so that the exit code of this one says nothing.
        with contextlib.suppress(AssertionError):
            await self.inside(name, "sh", "-c", "kill -9 -1")
        async with asyncio.timeout(60):
            while True:
                # podman cannot look at a container in the moment in which it ends.
                with contextlib.suppress(AssertionError):
                    if await self._started(name) != began:
                        return
                await asyncio.sleep(0.2)

    async def broker_restarts(self) -> bool:
        """Say whether the broker's image can start twice on one volume: the public one can, a stand-in may not."""
        (name,) = await self.containers("kafka")
        try:
            await self.inside(name, "grep", "-rq", "already formatted", "/etc/kafka/docker")
        except AssertionError:
            print("the broker is not killed: this stand-in of its image does not start again on its data")
            return False
        return True

    async def _started(self, name: str) -> str:
        return await run(ENGINE, "inspect", "--format", "{{.State.StartedAt}}", name)

    async def remove(self) -> None:
        """Tear everything down, volumes too."""
        # podman-compose knows the first of several only.
        if scaled := [name for name in await self.containers() if not name.endswith(("_1", "-1"))]:
            await run(ENGINE, "rm", "-f", *scaled)
        await self.compose("down", "-v", "-t", "10", profiles=("demo", "push", "tools", "observability"))
        assert not await self.containers()


@asynccontextmanager
async def stack(config: Path | None = None, **more: str) -> AsyncIterator[Stack]:
    """Give a project, not started, and tear it down in the end with its volumes."""
    made = Stack(config, **more)
    try:
        yield made
    finally:
        await made.remove()
