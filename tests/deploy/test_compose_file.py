"""docker-compose.yml and its kin as files: what can be known of them without an engine for containers."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pipeline.cli import ROLES
from tests.conftest import ROOT

FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = FILE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"] == SERVICES["classify"]["image"]}


def test_every_role_has_a_service() -> None:
    """A role that the command line knows is a service of its name; so is `init`, which all others wait for."""
    assert {name for name, one in OURS.items() if one["command"][:1] == ["worker"]} == set(ROLES)
    assert all(OURS[role]["command"] == ["worker", role] for role in ROLES)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights(name: str) -> None:
    """Nothing to write, no capabilities, limits; ports, where there are any, on this machine only."""
    one = OURS[name]
    assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= set(one)
    assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ()))


def test_volumes_are_declared_and_used() -> None:
    """Every named volume of a service is declared, and every declared one is used."""
    named = {str(volume).partition(":")[0] for one in SERVICES.values() for volume in one.get("volumes", ())}
    assert {name for name in named if name[0] not in "./$"} == set(FILE["volumes"])


def test_logins_reach_all_that_talk_to_kafka() -> None:
    """The example with secrets gives the login to every worker and to single commands."""
    secrets = yaml.safe_load((ROOT / "deploy" / "compose.secrets.yml").read_text())
    assert set(secrets["services"]) == {*ROLES, "init", "stellwerk"}
    for one in secrets["services"].values():
        assert one["environment"]["STELLWERK_KAFKA__PASSWORD_FILE"] == "/run/secrets/kafka_password"
        assert set(one["secrets"]) <= set(secrets["secrets"])
