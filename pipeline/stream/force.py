"""Profiles and routes in force for the alert stage: of the files that the settings name, else as their topics say.

What was applied comes into force when the stage says so, between two batches: each batch is scored by one set of
profiles and goes one tree's ways.
"""

from __future__ import annotations

import asyncio

import structlog

from pipeline import following
from pipeline.alert import profiles
from pipeline.alert.profiles import Profiles, load_profiles
from pipeline.alert.routes import Route, load_routes, topics_for
from pipeline.following import Following
from pipeline.records import Alert
from pipeline.settings import Settings
from pipeline.topics import PROFILES, Topic, route_topic

log = structlog.get_logger()


class InForce:
    """What a batch is judged by.

    Attributes:
        profiles: by which alerts are scored.
        routes: the tree; None where alerts go to `alerts` alone.

    Args:
        settings: which files, or which broker.

    Raises:
        BadInput: a file is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        files, broker = settings.alert, settings.kafka
        self.profiles = load_profiles(files.profiles)
        self.routes = load_routes(files.routes) if files.routes else None
        self._profiles = None if files.profiles else Following(broker, PROFILES, profiles.opened, self.profiles, _told)
        self._routes = None if files.routes else following.routes(broker)
        self._topics: dict[str, Topic] = {}
        self._settle()

    def _followed(self) -> list[Following[Profiles] | Following[Route | None]]:
        return [one for one in (self._profiles, self._routes) if one is not None]

    async def prepare(self) -> None:
        """Read the topics, unless that was done before."""
        for one in self._followed():
            await one.prepare()

    async def follow(self) -> None:
        """Take up what is applied, for ever."""
        # What ends ends the worker, also where two files leave nothing to follow.
        await asyncio.gather(asyncio.Event().wait(), *(one.follow() for one in self._followed()))

    def switch(self) -> None:
        """Take into force what was applied since the last call."""
        before = self.profiles, self.routes
        self.profiles = self._profiles.value if self._profiles else self.profiles
        self.routes = self._routes.value if self._routes else self.routes
        if before != (self.profiles, self.routes):
            self._settle()

    def _settle(self) -> None:
        self._topics = {name: route_topic(name) for name in (self.routes.topics() if self.routes else ())}
        there = {one.name for one in self.profiles.all}
        if self.routes and (missing := self.routes.profiles() - there):
            log.warning("routes ask for profiles that are not there", profiles=sorted(missing))

    def topics(self, alert: Alert) -> list[Topic]:
        """Return the topics of the routes that an alert takes."""
        return [self._topics[name] for name in topics_for(self.routes, alert)] if self.routes else []

    def versions(self) -> dict[str, str]:
        """Return what is in force, by what it is."""
        return {"profiles": self.profiles.version, "routes": self.routes.version if self.routes else ""}


def _told(found: Profiles) -> None:
    log.info("profiles in force", profiles=[one.name for one in found.all], version=found.version)
