"""The registry as a folder and behind a URL, and the way back through the trail."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from models import registry
from models.promotion import FOLDER, before, note, trail
from models.store import Store
from pipeline.errors import BadModel
from pipeline.records import Promotion
from pipeline.settings import ModelSettings, Settings

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def promotions(*versions: str) -> list[Promotion]:
    return [
        Promotion(model="classifier", version=version, at=NOW + timedelta(hours=n), author="kim")
        for n, version in enumerate(versions)
    ]


@pytest.fixture(params=["folder", "url"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A registry that does not exist yet, once here and once behind a URL."""
    return str(tmp_path / "registry") if request.param == "folder" else f"memory://{tmp_path.name}/registry"


@pytest.mark.parametrize(
    ("history", "current", "expected"),
    [
        ("", "a", ""),
        ("a", "a", ""),
        ("a b", "b", "a"),
        ("a b c", "c", "b"),
        ("a b c b", "b", "a"),
        ("a b c b a", "a", ""),
        ("a b c b d", "d", "b"),
        ("a b", "unknown", "b"),
    ],
)
def test_the_way_back(history: str, current: str, expected: str) -> None:
    """Back goes to what was before, twice goes two steps, and never forward to what was given up."""
    assert before(promotions(*history.split()), current) == expected


def test_the_trail_keeps_all(place: str) -> None:
    """Every promotion stays with author and reason, in the order of time, in any kind of registry."""
    assert trail(place) == []
    made = promotions("a", "b", "a")
    for one in reversed(made):
        note(place, one)
    assert trail(place) == made


def test_a_trail_that_was_tampered_with_is_named(place: str) -> None:
    """What is no promotion is not passed over."""
    Store.at(place).below(FOLDER).write("x.json", b"{}")
    with pytest.raises(BadModel, match=r"x\.json is no promotion"):
        trail(place)


def test_a_version_in_a_registry(place: str) -> None:
    """A version copied into a registry is listed, loads and tells its figures; one cut short is none."""
    version = registry.load().version
    target = registry.place(place, version)
    assert registry.versions(place) == []
    registry.copy(registry.CHAMPION, target)
    assert registry.versions(place) == [version]
    assert registry.open_version(place, version).version == version
    assert registry.metrics(target)["version"] == version
    Store.at(target).remove(registry.SUMS)
    assert registry.versions(place) == []
    with pytest.raises(BadModel, match="SHA256SUMS is missing"):
        registry.open_version(place, version)


def test_a_changed_byte_is_refused_behind_a_url_too(place: str) -> None:
    """One way for folders and URLs: the same sums, the same refusals."""
    version = registry.load().version
    target = registry.place(place, version)
    registry.copy(registry.CHAMPION, target)
    Store.at(target).write(registry.CARD, b"another card")
    with pytest.raises(BadModel, match=r"card\.md is not the file that was saved"):
        registry.open_version(place, version)


def test_a_folder_must_hold_what_its_name_says(place: str) -> None:
    """A version under another one's name would be judged as if it were that one."""
    registry.copy(registry.CHAMPION, registry.place(place, "other-1"))
    with pytest.raises(BadModel, match=r"holds stellwerk-.*, not other-1"):
        registry.open_version(place, "other-1")


@pytest.mark.parametrize("version", ["", "..", "../../etc", "a/b", "/etc", "a" * 200])
def test_a_name_does_not_lead_out(version: str) -> None:
    """A version's name may come from a topic: it stays in the registry."""
    with pytest.raises(BadModel, match="no name of a version"):
        registry.place("registry", version)


def test_an_unknown_kind_of_url_is_named() -> None:
    """The error says what cannot be opened, or which package would open it."""
    with pytest.raises(BadModel, match="nosuch"):
        registry.load("nosuch://bucket/registry")


def test_the_registry_of_a_deployment(tmp_path: Path) -> None:
    """By default a folder beside everything else; a setting moves it anywhere."""
    assert registry.root(Settings(folder=tmp_path)) == str(tmp_path / "registry")
    assert registry.root(Settings(model=ModelSettings(registry="s3://b/r"))) == "s3://b/r"


@pytest.fixture(autouse=True)
def _clean() -> None:
    fsspec.filesystem("memory").store.clear()
