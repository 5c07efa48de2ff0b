"""Every setting of Stellwerk, and the only reader of the environment.

`STELLWERK_SECTION__KEY` beats the file that `STELLWERK_FILE` names (TOML, one table per section); secrets may stand in
a file of their own, named by `STELLWERK_SECTION__KEY_FILE`. `docs/settings.md` lists them all; a test compares.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.errors import BadInput

PREFIX = "STELLWERK_"
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A table of settings; an unknown key is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """Where the broker is and how we behave towards it."""

    bootstrap: str = Field("", description="host:port,…; empty: `stellwerk up` starts a broker here")
    prefix: str = Field("stellwerk.", description="before every topic and consumer group")
    partitions: int = Field(
        4, ge=1, le=1000, description="of the topics on the path; the most workers a stage can have"
    )
    replication: int = Field(1, ge=1, le=5, description="copies of each partition")
    wait: float = Field(0.0, ge=0, description="seconds to wait at the start for the broker and its topics")
    session: Seconds = Field(15.0, description="seconds without heartbeat after which a worker counts as dead")
    request: Seconds = Field(30.0, description="seconds for one request to the broker; at least `session`")
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"] = Field(
        "SCRAM-SHA-512", description="where security says SASL: SCRAM-SHA-512, SCRAM-SHA-256, PLAIN or OAUTHBEARER"
    )
    username: str = Field("", description="of the SASL login; with `token_url` the client's id")
    password: SecretStr = Field(
        SecretStr(""), description="of the SASL login, or the client's secret; better as a file"
    )
    tokenfile: Path | None = Field(
        None, description="OAUTHBEARER: file that holds the token, read again for each connection"
    )
    token_url: str = Field("", description="OAUTHBEARER: where a token is had for username and password")
    token_scope: str = Field("", description="OAUTHBEARER: the scope asked for at `token_url`")
    cafile: str = Field("", description="PEM file of the authority that signed the broker's certificate")
    certfile: str = Field("", description="PEM file of our own certificate, where the broker asks for one (mTLS)")
    keyfile: str = Field("", description="PEM file of that certificate's key; empty: it stands in `certfile`")
    jars: Path = Field(Path(".stellwerk/kafka-4.3.0"), description="where the broker's jars are put")
    heap: str = Field("512m", description="Java heap of the broker started here")


class StreamSettings(Section):
    """How the stages consume."""

    worker: str = Field(
        default_factory=platform.node,
        description="this worker's name in its stage: its own, the same after a restart; default: the machine's",
    )
    batch: int = Field(200, ge=1, le=5000, description="records taken at once")
    buffer: int = Field(2048, ge=1, description="records waiting in memory per stage")
    commit: Seconds = Field(1.0, description="seconds between commits: bounds what a crash repeats")
    retry_first: Seconds = Field(0.1, description="pause before the second attempt, seconds")
    retry_most: Seconds = Field(5.0, description="longest pause between attempts, seconds")
    attempts: int = Field(5, ge=1, description="attempts at a transient failure of a step before burying")
    bury_most: float = Field(0.5, gt=0, le=1, description="share of the last 200 records that may be buried")
    record_most: int = Field(900_000, ge=1000, description="largest value that is sent, bytes")
    stuck: Seconds = Field(
        120.0, description="seconds without progress, although work waits, after which a worker ends itself"
    )


class FetchSettings(Section):
    """How the agents behave on the web."""

    agent: str = Field(
        "Stellwerk/0.1 (+https://example.org/stellwerk; set STELLWERK_FETCH__AGENT)",
        description="user agent; put your own contact in",
    )
    allow: tuple[str, ...] = Field(
        (), description="networks that are not public but may be fetched (CIDR), e.g. 127.0.0.0/8"
    )
    total: Seconds = Field(25.0, description="seconds for one answer, all hops and the whole body")
    connect: Seconds = Field(5.0, description="seconds for one connection")
    read: Seconds = Field(10.0, description="seconds between two pieces of an answer")
    rate_least: float = Field(500.0, ge=0, description="bytes a second that an answer must bring after five seconds")
    redirects: int = Field(5, ge=0, description="hops at most")
    wire_most: int = Field(5_000_000, description="bytes of an answer as sent")
    body_most: int = Field(10_000_000, description="bytes of an answer after decoding")
    ratio_most: float = Field(100.0, description="decoded bytes per sent byte")
    at_once: int = Field(64, ge=1, description="requests at the same time")
    per_host: int = Field(2, ge=1, description="requests at the same time to one host")
    interval: float = Field(1.0, ge=0, description="seconds between the starts of two requests to one host")
    robots: bool = Field(True, description="ask robots.txt before pages (feeds are offered to readers)")
    parse_cpu: Seconds = Field(5.0, description="CPU seconds for parsing one answer")
    parsers: int = Field(1, ge=1, description="processes that parse")
    entries_most: int = Field(2000, ge=1, description="entries taken from one feed document")
    teaser: int = Field(600, ge=0, description="an entry with less text than this has its page fetched")
    again: float = Field(
        7.0, ge=0, description="days in which articles of alerts are looked at again, to see if they are gone; 0: never"
    )


class PushSettings(Section):
    """How articles are taken that somebody brings (`stellwerk worker push`)."""

    host: str = Field("127.0.0.1", description="address to listen on; beyond this machine only behind a proxy with TLS")
    port: int = Field(8650, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    token: SecretStr = Field(
        SecretStr(""), description="what `POST /articles` must bear, 16 characters at least; empty: not offered"
    )
    body_most: int = Field(8_000_000, ge=1000, description="bytes of one request")
    at_once: int = Field(4, ge=1, description="requests that are worked on; the next ones get 429")
    rate: float = Field(200.0, gt=0, description="articles a second in the long run; then 429")
    burst: int = Field(20_000, ge=1, description="articles that may come at once before `rate` holds")
    seconds: Seconds = Field(30.0, description="seconds for one request to arrive, and again for the broker's answer")


class WebsubSettings(Section):
    """Being told by hubs instead of asking (WebSub); off while `callback` is empty."""

    callback: str = Field("", description="public address of `worker push`, e.g. https://push.example.org")
    secret: SecretStr = Field(
        SecretStr(""), description="16 characters at least; each subscription's own secret is made of it"
    )
    lease: Seconds = Field(10 * 86400.0, description="seconds for which hubs are asked to tell us")
    plain: bool = Field(False, description="also hubs without TLS; anybody on the way can forge what they send")
    patience: Seconds = Field(8.0, description="seconds a hub waits for our answer at most; the work goes on")


class ModelSettings(Section):
    """Which classifier is in service."""

    path: Path | None = Field(
        None, description="folder of the champion until one is promoted; None: the one that ships"
    )
    registry: str = Field(
        "", description="folder or URL (fsspec) that trained versions are kept in; empty: `registry` in `folder`"
    )


class RouteSettings(Section):
    """Whom we listen for."""

    accounts: Path | None = Field(
        None, description="account file (CSV, TOML, JSONL) that counts instead of the topic `accounts`"
    )
    regions: Path | None = Field(None, description="sales regions (TOML); None: places carry none")


class AlertSettings(Section):
    """When alerts are made."""

    age_most: Seconds = Field(14 * 86400.0, description="an article older than this opens no new alert, seconds")
    window: Seconds = Field(21 * 86400.0, description="how long a story stays open for new articles, seconds")
    cooldown: float = Field(
        30.0,
        ge=0,
        description="seconds an alert stays silent after a revision; small news is collected meanwhile",
    )
    articles_most: int = Field(50, ge=1, le=500, description="articles kept in one alert; of more only their ids")
    profiles: Path | None = Field(None, description="profile file (TOML) that counts instead of the topic `profiles`")
    routes: Path | None = Field(None, description="route file (TOML) that counts instead of the topic `routes`")


class MetricsSettings(Section):
    """Where a worker tells how it is: /metrics, /livez, /readyz."""

    host: str = Field("127.0.0.1", description="address to listen on; whoever reaches it reads all figures")
    port: int = Field(
        0, ge=0, le=65500, description="port; 0: none. `stellwerk up` takes the next ones for its workers"
    )


class TraceSettings(Section):
    """Where spans go (the extra `otel`)."""

    endpoint: str = Field("", description="OTLP over HTTP, e.g. http://collector:4318/v1/traces; empty: no spans")
    share: float = Field(1.0, gt=0, le=1, description="share of the articles that are traced")


class NotifySettings(Section):
    """How receivers are told (`stellwerk worker notify`)."""

    timeout: Seconds = Field(30.0, description="seconds for one message to one receiver")
    attempts: int = Field(8, ge=1, description="attempts before a message becomes a dead letter")
    retry_first: Seconds = Field(5.0, description="pause before the second attempt, seconds; it doubles")
    retry_most: Seconds = Field(900.0, description="longest pause between attempts, seconds")
    age_most: Seconds = Field(14 * 86400.0, description="a revision older than this is told to nobody, seconds")


class LogSettings(Section):
    """What is written to standard error."""

    level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    form: str = Field("text", description="text or json")


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        # `NAME=` in a container's environment means: not set.
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        nested_model_default_partial_update=True,
    )

    folder: Path = Field(Path(".stellwerk"), description="folder of everything that one machine keeps")
    kafka: KafkaSettings = KafkaSettings()
    stream: StreamSettings = Field(default_factory=StreamSettings)
    fetch: FetchSettings = FetchSettings()
    push: PushSettings = PushSettings()
    websub: WebsubSettings = WebsubSettings()
    model: ModelSettings = ModelSettings()
    route: RouteSettings = RouteSettings()
    alert: AlertSettings = AlertSettings()
    notify: NotifySettings = NotifySettings()
    metrics: MetricsSettings = MetricsSettings()
    trace: TraceSettings = TraceSettings()
    log: LogSettings = LogSettings()

    def secrets(self) -> list[str]:
        """Return what must never be shown."""
        parts = [getattr(self, name) for name in type(self).model_fields]
        values = [
            getattr(part, name) for part in parts if isinstance(part, Section) for name in type(part).model_fields
        ]
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of the sources: arguments, environment, file."""
        file = os.environ.get(f"{PREFIX}FILE")
        toml = (TomlConfigSettingsSource(settings_cls, file),) if file else ()
        return (init_settings, env_settings, *toml)


def load() -> Settings:
    """Return the settings of this process.

    Raises:
        BadInput: a value that does not fit, named as the environment variable that sets it.
    """
    _secrets_from_files()
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = PREFIX + "__".join(str(step) for step in first["loc"]).upper()
        raise BadInput(f"{first['msg']}; see docs/settings.md", field=name) from None


def secret(reference: str, of: str) -> SecretStr:
    """Return what `env:NAME` or `file:PATH` leads to; anything else stands for itself.

    Args:
        reference: as a file of the deployment's has it.
        of: what it belongs to, for the error.

    Raises:
        BadInput: nothing is there.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        found = os.environ.get(name, "")
    elif kind == "file":
        try:
            found = Path(name).read_text().strip()
        except OSError as error:
            raise BadInput(f"{name} cannot be read: {error.strerror}", field=of) from None
    else:
        found = reference
    if not found:
        raise BadInput(f"{reference} is empty", field=of)
    return SecretStr(found)


def _secrets_from_files() -> None:
    """Let `NAME_FILE` stand for `NAME` as container secrets do; the value itself wins."""
    for name, file in list(os.environ.items()):
        if name.startswith(PREFIX) and "__" in name and name.endswith("_FILE"):
            try:
                os.environ.setdefault(name.removesuffix("_FILE"), Path(file).read_text().strip())
                del os.environ[name]
            except OSError as error:
                raise BadInput(f"cannot be read: {error.strerror}", file=file, field=name) from None


def table() -> str:
    """Return all settings as a Markdown table: environment name, default, meaning. `docs/settings.md` holds it."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            for key, inner in section.model_fields.items():
                default = None if inner.default_factory else inner.default
                rows.append(_row(f"{name}__{key}", default, inner.description))
        else:
            rows.append(_row(name, field.default, field.description))
    return "\n".join(rows) + "\n"


def _row(name: str, default: object, description: str | None) -> str:
    shown = "" if default is None or default == () or isinstance(default, SecretStr) else f"`{default}`"
    return f"| `{PREFIX}{name.upper()}` | {shown if shown != '``' else ''} | {description or ''} |"
