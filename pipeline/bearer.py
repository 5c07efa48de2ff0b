"""Tokens for brokers that ask for OAUTHBEARER: out of a file that somebody keeps fresh, or from a token endpoint.

A token is asked for at each new connection. What goes wrong here looks to aiokafka like a broker that cannot be
reached: it tries again, as it should, because identity providers have bad minutes too.
"""

from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

import orjson
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

from pipeline.errors import BadInput
from pipeline.settings import KafkaSettings

#: A token is renewed when this share of its life is over.
_SPENT: Final = 0.8
_LARGEST: Final = 1_000_000


def provider(settings: KafkaSettings) -> AbstractTokenProvider:
    """Return where the tokens come from.

    Raises:
        BadInput: the settings name no source of tokens, or one that would send the secret in the clear.
    """
    if settings.tokenfile:
        return FileTokens(settings.tokenfile)
    if not settings.token_url:
        raise BadInput("OAUTHBEARER needs TOKENFILE or TOKEN_URL", field="STELLWERK_KAFKA__TOKEN_URL")
    parts = urlsplit(settings.token_url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise BadInput("must be https: the client's secret goes there", field="STELLWERK_KAFKA__TOKEN_URL")
    return ClientTokens(settings)


class FileTokens(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens that somebody else writes into a file, as Kubernetes does for its service accounts."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def token(self) -> str:
        """Return what the file holds now."""
        try:
            return (await asyncio.to_thread(self._file.read_text)).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KafkaConnectionError(f"no token in {self._file}: {error}") from None


class ClientTokens(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens from a token endpoint, by the client credentials grant (RFC 6749, 4.4)."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """Return a token that is good for a while yet."""
        async with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._token, life = await asyncio.to_thread(self._ask)
                except (OSError, ValueError, KeyError, TypeError) as error:
                    # The cause may hold what was sent; its kind is enough to look further.
                    reason = f"{type(error).__name__} at {urlsplit(self._settings.token_url).hostname}"
                    raise KafkaConnectionError(f"no token: {reason}") from None
                self._until = time.monotonic() + _SPENT * life
            return self._token

    def _ask(self) -> tuple[str, float]:
        """Return a new token and for how many seconds it is good."""
        settings = self._settings
        form = {"grant_type": "client_credentials"} | ({"scope": settings.token_scope} if settings.token_scope else {})
        pair = f"{quote(settings.username)}:{quote(settings.password.get_secret_value())}"
        request = Request(
            settings.token_url,
            urlencode(form).encode(),
            {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "Accept": "application/json"},
        )
        with urlopen(request, timeout=settings.request) as answer:
            said = orjson.loads(answer.read(_LARGEST))
        return str(said["access_token"]), float(said.get("expires_in", 60))
