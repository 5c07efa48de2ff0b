"""The chart: linted and rendered by helm, what comes out checked against Kubernetes' own schemas."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pipeline.cli import ROLES
from pipeline.settings import table
from tests.conftest import ROOT

CHART = ROOT / "deploy" / "helm" / "stellwerk"
HELM = shutil.which("helm")
KUBERNETES = "1.31"
#: Kinds of operators that a cluster may have; their schemas come with those.
CUSTOM = {"ScaledObject", "ServiceMonitor"}
BOOTSTRAP = ("--set", "kafka.bootstrap=kafka:9092")
ALL = (
    *BOOTSTRAP,
    "--set",
    "roles.push.enabled=true,roles.notify.enabled=true,roles.classify.scaling.enabled=true,roles.ingest.scaling.enabled=true",
    "--set",
    "kafka.security=SASL_SSL,kafka.secret=kafka,kafka.keys={username,password,ca.crt},roles.alert.kafkaSecret=alert",
    "--set",
    "metrics.serviceMonitor.enabled=true,settings.STELLWERK_LOG__LEVEL=WARNING,settingsSecret=more",
)
needs_helm = pytest.mark.skipif(HELM is None, reason="helm is not on PATH (.ci/run builds it where Go is)")


def helm(*arguments: str, good: bool = True) -> str:
    done = subprocess.run([HELM or "", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is good, done.stdout + done.stderr
    return done.stdout if good else done.stderr


def rendered(*values: str) -> list[dict[str, Any]]:
    return [
        one
        for one in yaml.safe_load_all(helm("template", "demo", str(CHART), "--kube-version", KUBERNETES, *values))
        if one
    ]


@needs_helm
def test_helm_finds_nothing_to_complain_of() -> None:
    """Lint is strict: a warning fails."""
    helm("lint", "--strict", "--kube-version", KUBERNETES, str(CHART), *BOOTSTRAP)


@needs_helm
@pytest.mark.parametrize("values", [BOOTSTRAP, ALL], ids=["least", "all"])
def test_what_is_rendered_is_kubernetes(values: tuple[str, ...]) -> None:
    """Every manifest fits the schema of its kind, strictly: a misspelt field is an error."""
    manifests = rendered(*values)
    for manifest in manifests:
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    kinds = {manifest["kind"] for manifest in manifests}
    assert {"Deployment", "Job", "PodDisruptionBudget", "NetworkPolicy", "Service"} <= kinds
    assert (kinds >= {*CUSTOM, "HorizontalPodAutoscaler"}) is (values is ALL)


@needs_helm
def test_containers_are_locked_up_and_asked_how_they_are() -> None:
    """No root, nothing writable, no capability, no token; every worker has its probes and its memory limit."""
    for manifest in rendered(*ALL):
        if manifest["kind"] not in ("Deployment", "Job"):
            continue
        pod = manifest["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        if manifest["kind"] == "Deployment":
            assert container["args"] == ["worker", manifest["metadata"]["name"].removeprefix("demo-stellwerk-")]
            assert {"livenessProbe", "readinessProbe", "startupProbe"} <= set(container)


@needs_helm
def test_a_role_logs_in_with_its_own_secret() -> None:
    """A role's secret beats the one for all; passwords come as files."""
    pods = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in rendered(*ALL)
        if one["kind"] == "Deployment"
    }

    def secret(role: str) -> str:
        volumes = {volume["name"]: volume for volume in pods[f"demo-stellwerk-{role}"]["volumes"]}
        return str(volumes["kafka"]["secret"]["secretName"])

    assert (secret("alert"), secret("classify")) == ("alert", "kafka")
    env = {one["name"]: one["value"] for one in pods["demo-stellwerk-alert"]["containers"][0]["env"]}
    assert env["STELLWERK_KAFKA__PASSWORD_FILE"] == "/run/secrets/kafka/password"


@needs_helm
def test_wrong_values_are_named() -> None:
    """No broker, a setting that is none, a number of workers that is no number: helm says which."""
    for values, named in (
        ((), "bootstrap"),
        ((*BOOTSTRAP, "--set", "settings.LOG_LEVEL=x"), "LOG_LEVEL"),
        ((*BOOTSTRAP, "--set", "roles.route.replicas=many"), "replicas"),
    ):
        assert named in helm("template", "demo", str(CHART), "--kube-version", KUBERNETES, *values, good=False)


def test_the_chart_knows_every_role_and_no_other_setting() -> None:
    """Roles are those of `stellwerk worker`; each setting that a template names exists."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(values["roles"]) == set(ROLES)
    text = "".join(file.read_text() for file in (CHART / "templates").iterdir())
    named = set(re.findall(r"name: (STELLWERK_\w+),", text))
    assert named <= set(re.findall(r"`(STELLWERK_\w+)`", table()))


def test_the_chart_is_of_this_version() -> None:
    """Chart, image and project are released together."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project
    assert chart["version"] == chart["appVersion"] == project[1]
    assert Path(CHART / "values.schema.json").exists()
