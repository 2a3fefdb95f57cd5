"""A mail server for tests: takes what it is sent over real TCP, and can be told to refuse, delay or hang up."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

__all__ = ("Letter", "MailServer", "mail_server")


@dataclass(frozen=True)
class Letter:
    """A message as it came: whom the envelope named, and the bytes."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """``answers``: what the next messages are told after their data, ``"hang up"`` instead of an answer; then 250."""

    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipients: dict[str, str] = field(default_factory=dict)
    """Address → answer to RCPT."""
    tried: int = 0
    said_goodbye: bool = True
    tls: ssl.SSLContext | None = None
    """For STARTTLS."""
    secret: str = ""
    """``user:password`` that is asked for; empty: nobody has to sign in."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        sender, recipients, signed_in = "", [], False
        await say("220 house")
        while line := (await reader.readline()).decode().strip():
            word, _, rest = line.partition(" ")
            match word.upper():
                case "EHLO" | "HELO":
                    await say("250-house\r\n250-STARTTLS\r\n250 AUTH PLAIN")
                case "STARTTLS":
                    await say("220 go on")
                    try:
                        await writer.start_tls(self.tls)
                    except (ssl.SSLError, OSError):  # they do not believe who we are
                        break
                case "AUTH":
                    given = b64decode(rest.partition(" ")[2]).decode().split("\0")[1:]
                    signed_in = ":".join(given) == self.secret
                    await say("235 ok" if signed_in else "535 no")
                case "MAIL" if self.secret and not signed_in:
                    await say("530 sign in first")
                case "MAIL":
                    sender, recipients = rest.partition("<")[2].partition(">")[0], []
                    await say("250 ok")
                case "RCPT":
                    address = rest.partition("<")[2].partition(">")[0]
                    recipients.append(address)
                    await say(self.recipients.get(address, "250 ok"))
                case "DATA":
                    await say("354 go on")
                    if not await self._take(reader, sender, tuple(recipients), say):
                        break
                case "QUIT":
                    await say("221 bye" if self.said_goodbye else "451 not yet")
                    break
                case _:
                    await say("250 ok")
        with suppress(OSError):
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, sender: str, recipients: tuple[str, ...], say: Any) -> bool:
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.tried += 1
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer == "hang up":
            return False
        if answer.startswith("250") or answer == "taken, then gone":
            self.letters.append(Letter(sender, recipients, b"".join(lines)))
        if answer == "taken, then gone":
            return False
        await say(answer)
        return True


@asynccontextmanager
async def mail_server(*, tls: ssl.SSLContext | None = None, **more: Any) -> AsyncIterator[MailServer]:
    """A server on a free port of this machine; ``tls`` from the first byte on."""
    house = MailServer(**more)
    server = await asyncio.start_server(house.converse, "127.0.0.1", 0, limit=1 << 20, ssl=tls)
    house.port = server.sockets[0].getsockname()[1]
    async with server:
        yield house
