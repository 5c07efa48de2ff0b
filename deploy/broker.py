"""A real Apache Kafka on this machine: its jars by Maven, one node in KRaft mode, on loopback.

Not here: replication, security, tuning for load. A cluster is set up from `docker-compose.yml` or by its owners.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.children import Child
from pipeline.errors import NotReady, Transient
from pipeline.kafka import Broker
from pipeline.settings import KafkaSettings

POM: Final = Path(__file__).parent / "kafka" / "pom.xml"
#: Jars that `deploy/kafka/pom.xml` resolves to, roughly; only for the progress bar.
DOWNLOADS: Final = 46
JAVA_LEAST: Final = 17
_CLUSTER: Final = "c3RlbGx3ZXJrLWxvY2FsIQ"
_SECONDS_TO_START: Final = 60.0


def check_java() -> str:
    """Return the path of a Java that is new enough.

    Raises:
        NotReady: no Java, or one older than 17.
    """
    java = shutil.which("java")
    if not java:
        raise NotReady(f"Java is missing: install {JAVA_LEAST} or newer (Debian: apt install default-jre-headless)")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if not found or int(found[1]) < JAVA_LEAST:
        raise NotReady(f"Java {JAVA_LEAST} or newer is needed; {java} says: {said.partition(chr(10))[0]}")
    return java


def has_jars(jars: Path) -> bool:
    """Say whether the folder holds all of Kafka's jars."""
    return (jars / ".complete").exists()


def fetch_jars(jars: Path, step: Callable[[int], None] = lambda _: None) -> None:
    """Put Kafka's jars into a folder, once.

    Args:
        jars: the folder.
        step: called with 1 for each jar that Maven has downloaded.

    Raises:
        NotReady: Maven is missing or fails; the message holds its last lines.
    """
    if has_jars(jars):
        return
    maven = shutil.which("mvn")
    if not maven:
        raise NotReady("Maven is missing: install it (Debian: apt install maven), or set STELLWERK_KAFKA__BOOTSTRAP")
    jars.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    command = [maven, "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={jars.absolute()}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            said = [*said[-200:], line.rstrip()]
            if "Downloaded from" in line and ".jar" in line:
                step(1)
    if process.returncode:
        errors = [line for line in said if "ERROR" in line][:3] or said[-3:]
        raise NotReady("Maven could not get Apache Kafka:\n  " + "\n  ".join(errors))
    (jars / ".complete").touch()


def free_port() -> int:
    """Return a port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LocalBroker:
    """One Kafka node with its data in a folder.

    Args:
        folder: where the node keeps its data, its configuration and its log.
        settings: the folder of the jars, and the heap.
        port: where it listens; 0 takes a free one.
        advertised: where clients are sent to, if not there (tests put a proxy between).
    """

    def __init__(self, folder: Path, settings: KafkaSettings, *, port: int = 0, advertised: str = "") -> None:
        self.folder = folder
        self._settings = settings
        self._port = port or free_port()
        self._controller = free_port()
        self._advertised = advertised or self.bootstrap
        self._java = check_java()
        self.child = Child("kafka", self._command("kafka.Kafka", self._file), log=folder / "broker.log")

    @property
    def bootstrap(self) -> str:
        """Where clients find it, `host:port`."""
        return f"127.0.0.1:{self._port}"

    @property
    def _file(self) -> str:
        return str(self.folder / "server.properties")

    def _command(self, main: str, *arguments: str) -> list[str]:
        return [
            self._java,
            f"-Xmx{self._settings.heap}",
            "-Xshare:auto",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            f"{self._settings.jars.absolute()}/*",
            main,
            *arguments,
        ]

    async def start(self) -> None:
        """Format the folder the first time, start the node, and wait until it answers.

        Raises:
            NotReady: it ends or stays silent; the message holds the end of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        Path(self._file).write_text(self._properties())
        if not (self.folder / "data" / "meta.properties").exists():
            await self._format()
        await self.child.start()
        await self.wait()

    async def _format(self, *more: str) -> None:
        command = self._command("kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", self._file, *more)
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = await process.communicate()
        if process.returncode:
            raise NotReady(f"Kafka's storage cannot be made in {self.folder}:\n{said.decode(errors='replace')[-800:]}")

    async def wait(self) -> None:
        """Wait until the node answers (see `start`)."""
        settings = self._settings.model_copy(update={"bootstrap": self.bootstrap, "security": "PLAINTEXT"})
        deadline = asyncio.get_running_loop().time() + _SECONDS_TO_START
        while asyncio.get_running_loop().time() < deadline:
            if not self.child.running:
                raise NotReady(f"Kafka ended at once{self.child.end_of_log()}")
            if _listens(self._port):
                try:
                    async with Broker(settings) as broker:
                        await broker.make(())
                    return
                except Transient:
                    pass
            await asyncio.sleep(0.1)
        raise NotReady(f"Kafka does not answer after {_SECONDS_TO_START:.0f} s{self.child.end_of_log()}")

    async def stop(self) -> None:
        """End the node cleanly."""
        await self.child.stop()

    def _properties(self) -> str:
        made = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{self._controller}",
            "advertised.listeners": f"PLAINTEXT://{self._advertised}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str((self.folder / "data").absolute()),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "8",
            # A group that was stopped for a month goes on where it was, rather than from the beginning.
            "offsets.retention.minutes": "43200",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "num.network.threads": "2",
            "num.io.threads": "4",
        }
        return "".join(f"{key}={value}\n" for key, value in made.items())


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
