"""Sends a message to one receiver: a webhook, a mail, or anything that Apprise knows.

The receiver's side can tell that it has a message already: a webhook by `webhook-id` (alert id and revision), a mail
by its Message-ID. What Apprise sends has no such mark. No address and no secret gets into an error or a log.
"""

from __future__ import annotations

import asyncio
import logging
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2

from pipeline.alert.letters import body, subject
from pipeline.alert.outgoing import Message
from pipeline.alert.receivers import Receiver
from pipeline.errors import BadInput, NotReady, Permanent, Transient
from pipeline.settings import secret

#: Answers of a webhook after which trying again may help.
_AGAIN: Final = frozenset((408, 409, 423, 425, 429))
_MAIL_PORTS: Final = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Address:
    """A receiver with what its file or environment says; is never printed."""

    receiver: Receiver
    url: str
    key: str = ""

    def __repr__(self) -> str:
        """Return the name alone."""
        return f"Address({self.receiver.name})"


def resolve(receiver: Receiver) -> Address:
    """Return a receiver's address, checked as far as that goes without sending.

    Raises:
        BadInput: a file or a variable is missing or empty, or what it holds is no address of this kind.
        NotReady: a library is missing.
    """
    of = f"receivers.{receiver.name}"
    url = secret(receiver.address, of).get_secret_value()
    key = secret(receiver.secret, of).get_secret_value() if receiver.secret else ""
    try:
        if receiver.kind == "webhook":
            from standardwebhooks import Webhook

            Webhook(key)
        elif receiver.kind == "apprise":
            import apprise

            logging.getLogger("apprise").setLevel(logging.CRITICAL)
            if not apprise.Apprise().add(url):
                raise BadInput("no URL that Apprise knows", field=of)
    except ImportError:
        raise NotReady("receivers need more libraries: pip install 'stellwerk[notify]'") from None
    except (ValueError, RuntimeError):
        raise BadInput("no secret of a webhook: whsec_ and base64", field=of) from None
    parts = urlsplit(url)
    if receiver.kind == "mail" and not (
        parts.scheme in _MAIL_PORTS and parts.hostname and parse_qs(parts.query).get("to")
    ):
        raise BadInput("no smtp://host?from=…&to=…", field=of)
    if receiver.kind == "webhook" and not (parts.scheme in ("http", "https") and parts.hostname):
        raise BadInput("no http or https URL", field=of)
    return Address(receiver, url, key)


async def tell(message: Message, address: Address, client: httpx2.AsyncClient, seconds: float) -> None:
    """Send one message; returns when the other side has taken it.

    Raises:
        Transient: not now.
        Permanent: never like this.
    """
    try:
        async with asyncio.timeout(seconds):
            if address.receiver.kind == "webhook":
                await _post(message, address, client)
            elif address.receiver.kind == "mail":
                await asyncio.to_thread(_mail, message, address, seconds)
            else:
                await _apprise(message, address)
    except TimeoutError:
        raise Transient(f"no answer in {seconds:.0f} s") from None


async def _post(message: Message, address: Address, client: httpx2.AsyncClient) -> None:
    from standardwebhooks import Webhook

    (item,) = message.items
    id, now = f"{item.alert.id}-{item.alert.revision}", datetime.now(UTC)
    data = item.alert.model_dump_json()
    headers = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(address.key).sign(msg_id=id, timestamp=now, data=data),
    }
    try:
        answer = await client.post(address.url, content=data.encode(), headers=headers)
    except httpx2.HTTPError as error:
        raise Transient(type(error).__name__) from None
    if answer.status_code >= 500 or answer.status_code in _AGAIN:
        raise Transient(f"HTTP {answer.status_code}")
    if not answer.is_success:
        raise Permanent(f"HTTP {answer.status_code}")


def _mail(message: Message, address: Address, seconds: float) -> None:
    parts = urlsplit(address.url)
    wanted = parse_qs(parts.query)
    sender = wanted.get("from", [f"stellwerk@{parts.hostname}"])[0]
    letter = EmailMessage()
    letter["Message-ID"] = f"<{message.id}@stellwerk.{sender.rpartition('@')[2]}>"
    letter["From"], letter["To"] = sender, ", ".join(wanted["to"])
    letter["Subject"] = " ".join(subject(message.alerts, address.receiver.language).split())
    letter["Date"] = max(alert.updated for alert in message.alerts)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(body(message.alerts, address.receiver.language))
    port = parts.port or _MAIL_PORTS[parts.scheme]
    context = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(parts.hostname or "", port, timeout=seconds, context=context)
            if parts.scheme == "smtps"
            else smtplib.SMTP(parts.hostname or "", port, timeout=seconds)
        ) as server:
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(letter)
    except smtplib.SMTPAuthenticationError:
        raise Transient("the mail server refuses the login") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise (Permanent if all(code >= 500 for code in codes) else Transient)(f"recipients refused: {codes}") from None
    except smtplib.SMTPResponseException as error:
        raise (Permanent if error.smtp_code >= 500 else Transient)(f"SMTP {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Transient(type(error).__name__) from None


async def _apprise(message: Message, address: Address) -> None:
    import apprise

    one = apprise.Apprise()
    one.add(address.url)
    language = address.receiver.language
    if not await one.async_notify(title=subject(message.alerts, language), body=body(message.alerts, language)):
        raise Transient("the service did not take it")
