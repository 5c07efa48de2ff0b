"""What the tests share: one real broker per run, and settings that lead to topics of their own."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
import structlog
from hypothesis import settings as given_settings

from deploy.broker import LocalBroker, fetch_jars
from deploy.children import Child
from pipeline.settings import KafkaSettings, Settings

#: A busy machine takes longer for one example; that says nothing about the code.
given_settings.register_profile("ours", deadline=None)
given_settings.load_profile("ours")

ROOT = Path(__file__).parent.parent
JARS = ROOT / ".stellwerk" / "kafka-4.3.0"


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """A command that set up logging in one test does not decide what the next one can see."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    """Settings that one test puts into the environment, or that secrets in files put there, end with it."""
    before = {name: value for name, value in os.environ.items() if name.startswith("STELLWERK_")}
    yield
    for name in [name for name in os.environ if name.startswith("STELLWERK_")]:
        del os.environ[name]
    os.environ.update(before)


def jar_settings() -> KafkaSettings:
    """Return settings with the jars in place."""
    fetch_jars(JARS)
    return KafkaSettings(jars=JARS)


@pytest_asyncio.fixture(scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalBroker]:
    """The real Kafka, started once for the whole run."""
    local = LocalBroker(tmp_path_factory.mktemp("kafka"), jar_settings())
    await local.start()
    yield local
    await local.stop()


@pytest.fixture
def settings(broker: LocalBroker, tmp_path: Path) -> Settings:
    """Settings of a deployment that shares nothing with other tests but the broker."""
    kafka = KafkaSettings(bootstrap=broker.bootstrap, prefix=f"t{uuid.uuid4().hex[:8]}.", jars=JARS)
    return Settings(folder=tmp_path, kafka=kafka)


class Workers(Protocol):
    """Makes workers; see the fixture `worker`."""

    def __call__(self, role: str, *, of: Settings | None = None, quick: bool = False, **environment: str) -> Child:
        """Return a worker, not started.

        Args:
            role: which.
            of: which deployment; None for the test's.
            quick: a session of six seconds, so that Kafka gives it up soon after a kill.
            environment: added to what leads to the deployment.
        """


@pytest_asyncio.fixture
async def worker(settings: Settings) -> AsyncIterator[Workers]:
    """Makes real worker processes of the test's deployment; those that still run in the end are killed."""
    made: list[Child] = []

    def make(role: str, *, of: Settings | None = None, quick: bool = False, **environment: str) -> Child:
        its = of or settings
        told = {"BOOTSTRAP": its.kafka.bootstrap, "PREFIX": its.kafka.prefix}
        told |= {"SESSION": "6", "REQUEST": "6"} if quick else {}
        variables = {f"STELLWERK_KAFKA__{name}": value for name, value in told.items()}
        made.append(
            Child(
                role,
                [sys.executable, "-m", "pipeline.cli", "worker", role, "--announce"],
                log=its.folder / f"{role}.log",
                environment={**variables, "STELLWERK_FOLDER": str(its.folder), "OMP_NUM_THREADS": "1", **environment},
                announces=True,
            )
        )
        return made[-1]

    yield make
    for child in made:
        if child.running:
            child.kill()
            await child.ended()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real feeds, pages and labelled news; tests that need it skip without it."""
    folder = Path(os.environ.get("STELLWERK_DATA", ROOT.parent / "shared" / "data"))
    if not folder.exists():
        pytest.skip(f"real data is not here: {folder} (set STELLWERK_DATA)")
    return folder
