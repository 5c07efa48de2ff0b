"""The supplier profiles in force: of the file that the settings name, else as the topic `profiles` says."""

from __future__ import annotations

import structlog

from pipeline.alert.profiles import Profiles, load_profiles, opened
from pipeline.settings import KafkaSettings
from pipeline.stream.applied import Applied
from pipeline.topics import PROFILES

log = structlog.get_logger()


def following(settings: KafkaSettings) -> Applied[Profiles]:
    """Return what keeps the profiles as the topic has them; those that ship until one is applied."""
    return Applied(settings, PROFILES, opened, load_profiles(), _told)


def _told(profiles: Profiles) -> None:
    log.info("profiles in force", profiles=[one.name for one in profiles.all], version=profiles.version)
