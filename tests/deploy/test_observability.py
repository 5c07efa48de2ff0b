"""Prometheus' and Grafana's files: names that exist, rules that Prometheus itself takes, dashboards that show data."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from deploy.broker import free_port
from models.drift import stability
from pipeline.metrics import METRICS, Histogram
from tests.deploy.test_up import COMMAND, environment

ROOT = Path(__file__).parents[2]
PROMETHEUS, GRAFANA = ROOT / "deploy" / "prometheus", ROOT / "deploy" / "grafana"
RULES: dict[str, Any] = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())
BOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
#: What Prometheus, its library and the exporter bring.
FOREIGN = {
    "kafka_consumergroup_lag",
    "up",
    "process_start_time_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
}
#: Panels that show faults, need days, or roles and hubs that a demo has not: empty when it runs for minutes.
QUIET = ("dead_letters_total", "unusable_files_total", "resent_total", "poll_failures_total", "pages_total", ":psi")
QUIET += ("looks_total", "push_requests_total", "hubs_total", "subscriptions", '"notify"')
_GET = "(Debian: apt install --no-install-recommends prometheus)"
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason=f"promtool is missing {_GET}")
needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus"), reason=f"Prometheus is missing {_GET}")


def rules() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


def queries(board: Path) -> Iterator[tuple[str, str]]:
    for panel in json.loads(board.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def names(expression: str) -> set[str]:
    """Return the metrics of an expression; what stands in quotes or braces is none."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:stellwerk[a-z_:]*|process_[a-z_]+|kafka_[a-z_]+|up)\b(?!\()", bare))


def known() -> set[str]:
    """Return every name that may be asked for."""
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    histograms = [one.name for one in METRICS if isinstance(one, Histogram)]
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "count", "sum")}
    return {one.name for one in METRICS} | parts | recorded | FOREIGN


def test_every_metric_that_is_asked_for_exists() -> None:
    """Rules and dashboards name only metrics of the table, and every metric of the table is in a dashboard."""
    shown = {name for board in BOARDS for _, query in queries(board) for name in names(query)}
    asked = {name for rule in rules() for name in names(rule["expr"])} | shown
    assert asked <= known()
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in shown} >= {one.name for one in METRICS}


def test_every_alert_says_what_to_do() -> None:
    """Each alert has a summary, what to do, and a place in the runbook that exists."""
    runbook = (ROOT / "deploy" / "RUNBOOK.md").read_text()
    heads = re.findall(r"^#+ (.*)$", runbook, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
    for rule in (rule for rule in rules() if "alert" in rule):
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (ROOT / file).exists()
        assert anchor in anchors, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_dashboards_are_what_grafana_takes() -> None:
    """Boards and panels have their own ids, a description each, and the source of data that is provisioned."""
    source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())
    uid = source["datasources"][0]["uid"]
    boards = [json.loads(board.read_text()) for board in BOARDS]
    assert len({board["uid"] for board in boards}) == len(boards) == 4
    for board in boards:
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        assert all(panel["datasource"]["uid"] == uid and panel["description"] for panel in board["panels"])


def test_compose_and_prometheus_agree() -> None:
    """Prometheus looks for compose's services and port; images are pinned; nothing is published beyond loopback."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services = compose["services"]
    (scrape,) = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"][0]["dns_sd_configs"]
    workers = {name for name, one in services.items() if one.get("command", [""])[0] == "worker"}
    assert set(scrape["names"]) == workers
    assert f":-{scrape['port']}}}" in services["classify"]["environment"]["STELLWERK_METRICS__PORT"]
    beside = {name: one for name, one in services.items() if one.get("profiles") == ["observability"]}
    assert set(beside) == {"prometheus", "grafana", "kafka-exporter"}
    for one in beside.values():
        assert re.search(r":v?\d+\.\d+\.\d+$", one["image"])
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ()))


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_promtool_accepts_the_files() -> None:
    """Prometheus' own tool finds no fault in configuration and rules."""
    assert f"{len(rules())} rules found" in promtool("check", "rules", PROMETHEUS / "alerts.yml")
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


def play(folder: Path, *cases: dict[str, Any], every: str = "1m") -> None:
    """Let promtool play series through our rules and compare what comes of it."""
    test = {"rule_files": [str(PROMETHEUS / "alerts.yml")], "evaluation_interval": every, "tests": list(cases)}
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    promtool("test", "rules", folder / "test.yml")


@needs_promtool
def test_the_drift_rule_is_our_drift(tmp_path: Path) -> None:
    """What Prometheus makes of counts is what `models/drift.py` makes of them."""
    # Articles an hour by type: for four weeks, and then for a day.
    before, now = {"none": 20, "new_site": 8, "hiring": 0}, {"none": 4, "new_site": 16, "hiring": 4}
    month, day = 28 * 24, 24
    series = [
        {
            "series": f'stellwerk_judged_total{{language="de", type="{kind}"}}',
            "values": f"0+{before[kind]}x{month} {before[kind] * month + now[kind]}+{now[kind]}x{day - 1}",
        }
        for kind in before
    ]
    expected = stability([number * month for number in before.values()], [number * day for number in now.values()])
    assert expected > 0.25
    asked = {
        "expr": "round(stellwerk:model_drift:psi, 0.1)",
        "eval_time": f"{month + day}h",
        "exp_samples": [{"labels": '{language="de"}', "value": round(expected, 1)}],
    }
    play(tmp_path, {"interval": "1h", "input_series": series, "promql_expr_test": [asked]}, every="1h")


def case(alert: str, series: dict[str, str], told: str = "") -> dict[str, Any]:
    """Return a case: with these series, a value a minute, the alert is told after half an hour; or not at all.

    Args:
        alert: its name.
        series: series -> values in promtool's form.
        told: the labels that it has beside severity; empty where it is not told, `-` where it has none.
    """
    (rule,) = (rule for rule in rules() if rule.get("alert") == alert)
    labels = [f'alertname="{alert}"', 'alertstate="firing"', f'severity="{rule["labels"]["severity"]}"']
    labels += [told] if told not in ("", "-") else []
    asked = {
        "expr": f'ALERTS{{alertname="{alert}", alertstate="firing"}}',
        "eval_time": "30m",
        "exp_samples": [{"labels": f"ALERTS{{{', '.join(labels)}}}", "value": 1}] if told else [],
    }
    given = [{"series": one, "values": values} for one, values in series.items()]
    return {"interval": "1m", "input_series": given, "promql_expr_test": [asked]}


@needs_promtool
def test_alerts_come_when_they_should(tmp_path: Path) -> None:
    """A lost broker, a standstill, dead letters, a missing role, a full disk: each is told, and only then."""
    ready = [f'stellwerk_ready{{role="{role}", need="broker"}}' for role in ("ingest", "classify", "route", "alert")]
    lag = 'stellwerk_lag_records{stage="route", partition="0"}'
    progress = 'stellwerk_progress_timestamp_seconds{stage="route"}'
    dead = 'stellwerk_dead_letters_total{stage="route", error="Undecodable"}'
    free, size = (f'stellwerk_disk_{what}_bytes{{role="ingest", disk="broker"}}' for what in ("free", "size"))
    play(
        tmp_path,
        case("StellwerkBrokerLost", dict.fromkeys(ready, "1x3 0x40"), "-"),
        case("StellwerkBrokerLost", dict.fromkeys(ready, "0x5 1x40")),
        case("StellwerkBrokerLost", {ready[0]: "1x40"} | dict.fromkeys(ready[1:], "0x40")),
        case("StellwerkRoleMissing", dict.fromkeys(ready[1:], "1x40"), 'need="broker", role="ingest"'),
        case("StellwerkRoleMissing", dict.fromkeys(ready, "1x40")),
        case("StellwerkStandsStill", {lag: "5x40", progress: "0x40"}, 'stage="route"'),
        case("StellwerkStandsStill", {lag: "0x40", progress: "0x40"}),
        case("StellwerkStandsStill", {lag: "5x40", progress: "0+60x40"}),
        case("StellwerkDeadLetters", {dead: "0x5 4+4x35"}, 'error="Undecodable", stage="route"'),
        case("StellwerkDeadLetters", {dead: "1x40"}),
        case("StellwerkDiskAlmostFull", {free: "50-5x9 5x40", size: "100x60"}, 'disk="broker", role="ingest"'),
        case("StellwerkDiskAlmostFull", {free: "5x5 50x40", size: "100x60"}),
    )


@needs_prometheus
@pytest.mark.slow
@pytest.mark.broker
async def test_dashboards_show_data(tmp_path: Path) -> None:
    """The demo under a real Prometheus: every rule evaluates, no alert cries wolf, and panels have data to show."""
    first, port = free_port(), free_port()
    scraped = [{"targets": [f"127.0.0.1:{first + n}" for n in range(4)]}]
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "2s"},
        "rule_files": [str(tmp_path / "rules.yml")],
        "scrape_configs": [{"job_name": "stellwerk", "static_configs": scraped}],
    }
    # Prometheus begins with a group at some moment of its interval: five minutes are more than this test has.
    rules = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())
    quick = {"groups": [{**group, "interval": "2s"} for group in rules["groups"]]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(quick))
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    watching = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    demo = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("--headless", "--data", str(tmp_path / "data"), "--for", "40s"),
        env=environment(STELLWERK_METRICS__PORT=str(first)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert await demo.wait() == 0
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            empty = [
                (board.stem, title, query)
                for board in BOARDS
                for title, query in queries(board)
                if not await ask(session, query)
            ]
            async with session.get("/api/v1/rules") as answer:
                evaluated = [rule for group in (await answer.json())["data"]["groups"] for rule in group["rules"]]
    finally:
        watching.terminate()
        await watching.wait()
    total = sum(len(list(queries(board))) for board in BOARDS)
    print(f"\n{total - len(empty)} of {total} panels have data; {len(evaluated)} rules evaluated")
    # There is no exporter beside the broker here.
    assert not [one for one in empty if not any(word in one[2] for word in (*QUIET, "kafka_"))]
    assert [rule["name"] for rule in evaluated if rule["health"] != "ok"] == []
    assert [rule["name"] for rule in evaluated if rule.get("state") == "firing"] == []


async def ask(session: aiohttp.ClientSession, query: str, rate: str = "10s", within: str = "60s:1s") -> list[Any]:
    """Return what Prometheus finds, as Grafana asks it for a panel's range."""
    asked = f"last_over_time(({query.replace('$__rate_interval', rate)})[{within}])"
    async with session.get("/api/v1/query", params={"query": asked}) as answer:
        said = await answer.json()
    assert said["status"] == "success", (query, said)
    found: list[Any] = said["data"]["result"]
    return found
