"""What people say to the path: verdicts, and what is in service."""

from __future__ import annotations

from pydantic import Field

from pipeline.records.alert import Versions
from pipeline.records.wire import Record, Time
from pipeline.signals import SignalType


class Label(Record):
    """A person's verdict on an article's signals or on an alert."""

    article_id: str
    author: str
    at: Time
    alert_id: str = ""
    types: tuple[SignalType, ...] | None = Field(None, description="the right types; None where not judged")
    account_right: bool | None = None
    relevant: bool | None = None
    note: str = ""
    versions: Versions = Versions()


class AccountRecord(Record):
    """One account of the tree that is listened for; what each field means stands in `docs/accounts.md`."""

    id: str = Field(min_length=1)
    name: str
    parent_id: str = Field("", description="the account above; empty for a group")
    level: str = Field("group", description="group, unit or site")
    aliases: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    legal_name: str = ""
    domains: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    country: str = Field("", description="of the headquarters, ISO 3166-1 alpha-2")
    industry: str = ""
    owner: str = ""
    teams: tuple[str, ...] = ()
    regions: tuple[str, ...] = Field((), description="sales regions")
    ignore_people: tuple[str, ...] = Field((), description="whose names in a passage make no alert")
    never: tuple[str, ...] = Field((), description="signal types and words that never make an alert")
    judged: tuple[str, ...] = Field((), description="what labels said of its names: `NAME: RIGHT of ALL`")


class AccountsApplied(Record):
    """The end of an apply: what stands on the topic before it goes into service in one step."""

    version: str = Field(description="of all accounts together")
    accounts: int = Field(ge=0, description="how many there are")
    at: Time


class AppliedFile(Record):
    """A file that was applied: the whole of it, so that all that it says changes in one step."""

    name: str = Field(description="the file's name, for people")
    version: str = Field(description="hash of the text")
    at: Time
    text: str = Field(description="the file as it was checked")


class RuleFile(AppliedFile):
    """The keyword rules in service: the whole file, so that all of them change in one step."""


class ProfileFile(AppliedFile):
    """The supplier profiles in force: the whole file, so that a batch of alerts is scored by one set of them."""


class RouteFile(AppliedFile):
    """The routes in force: the whole tree with its receivers, whose secrets stand elsewhere."""


class Promotion(Record):
    """Which model version is in service."""

    model: str
    version: str
    at: Time
    author: str
    reason: str = ""
