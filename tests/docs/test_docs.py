"""The documentation says what the code does: closed lists compared, commands real, links alive."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.settings import table
from pipeline.signals import FAMILY, SignalType
from pipeline.topics import TOPICS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "deploy/RUNBOOK.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
README = (ROOT / "README.md").read_text()


def commands() -> set[str]:
    return set(get_command(app).commands)  # type: ignore[attr-defined]


def test_settings_page_is_the_table() -> None:
    """`docs/settings.md` holds exactly the table that `stellwerk settings` prints."""
    assert (ROOT / "docs" / "settings.md").read_text().endswith("\n\n" + table())


def test_env_example_has_every_setting() -> None:
    """`.env.example` has each setting once, commented out, with its default and what it means, in the table's order."""
    own = (ROOT / ".env.example").read_text().partition("STELLWERK_FOLDER")[0]
    rows = re.findall(r"^\| `(\w+)` \| `?(.*?)`? \| (.*) \|$", table(), re.MULTILINE)
    expected = [f"# {meaning}\n# {name}={default}" for name, default, meaning in rows]
    text = (ROOT / ".env.example").read_text()
    assert text.endswith("\n".join(expected) + "\n")
    used = set(re.findall(r"\$\{(STELLWERK_\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert used - {name for name, _, _ in rows} == set(re.findall(r"^# (\w+)=", own, re.MULTILINE))


def test_topics_are_documented() -> None:
    """Every topic is named in the README, and every row of the runbook's table of topics is a topic."""
    assert all(f"`{topic.name}`" in README for topic in TOPICS)
    runbook = (ROOT / "deploy" / "RUNBOOK.md").read_text()
    rows = set(re.findall(r"^\| `([a-z-]+)` \| .* \| .* \| .* \|$", runbook, re.MULTILINE))
    assert rows == {topic.name for topic in TOPICS}


def test_signal_types_are_documented() -> None:
    """`docs/signals.md` has one row for each type, under its family."""
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \|", (ROOT / "docs" / "signals.md").read_text(), re.MULTILINE)
    assert rows == [(str(FAMILY[kind]), str(kind)) for kind in SignalType]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_docs_exist(page: Path) -> None:
    """Every `stellwerk …` and `make …` in a page is a command that exists."""
    text = page.read_text()
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^|/)stellwerk ([a-z]+)", text, re.MULTILINE)) <= commands()
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the project leads to one."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_command_is_in_the_readme_and_has_help() -> None:
    """No command hides: each is named in the README, and its help has a line on what it does."""
    runner = CliRunner()
    for name in commands() - {"install"}:
        assert f"stellwerk {name}" in README, name
        result = runner.invoke(app, [name, "--help"])
        assert result.exit_code == 0
        assert len(result.output) > 100


def test_readme_is_short() -> None:
    """A README is read when it is short."""
    assert len(README.splitlines()) <= 150


def test_wrong_use_is_exit_code_two() -> None:
    """Exit codes: 2 for wrong use."""
    runner = CliRunner()
    assert runner.invoke(app, ["worker", "nonsense"]).exit_code == 2
    assert runner.invoke(app, ["up", "--for", "soon"]).exit_code == 2
    assert runner.invoke(app, ["up", "--sources", "x.toml"]).exit_code == 2
