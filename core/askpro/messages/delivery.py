"""Hand a message to the mail server, or lay it into a folder. Blocking: runs in a thread, never inside a unit."""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from askpro.messages.values import one_line

__all__ = ("MailDelayed", "MailRefused", "deliver")

_SECONDS = 30.0  # for each step of the conversation


class MailRefused(Exception):  # noqa: N818 - these read as what happened
    """The server does not want this mail, and will not want it later (5xx)."""


class MailDelayed(Exception):  # noqa: N818
    """Not now: no connection, an answer 4xx, or our own sign-in; the mail itself may be fine."""


def deliver(url: str, message: EmailMessage, sender: str, recipient: str) -> None:
    """Send to one recipient by ``ASKPRO_SMTP_URL``. Returning means that the server has taken it.

    Raises MailRefused, MailDelayed.
    """
    where = urlsplit(url)
    if where.scheme == "file":
        _into_folder(Path(unquote(where.path)), message)
    else:
        _by_smtp(where, message, sender, recipient)


def _into_folder(folder: Path, message: EmailMessage) -> None:
    name = str(message["Message-ID"]).strip("<>").partition("@")[0]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = folder / f".{name}.part"
        part.write_bytes(message.as_bytes())
        os.replace(part, folder / f"{name}.eml")
    except OSError as error:
        raise MailDelayed(_said(error)) from error


def _by_smtp(where: SplitResult, message: EmailMessage, sender: str, recipient: str) -> None:
    try:
        server = _signed_in(where)
    except (OSError, smtplib.SMTPException) as error:
        raise MailDelayed(_said(error)) from error
    try:
        server.send_message(message, sender, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        raise _judged(*error.recipients[recipient]) from error
    except smtplib.SMTPResponseException as error:
        raise _judged(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPNotSupportedError, UnicodeError) as error:  # an address this server cannot write to
        raise MailRefused(_said(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailDelayed(_said(error)) from error
    finally:
        # what was taken is taken: a bad farewell must not make us send it again
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _signed_in(where: SplitResult) -> smtplib.SMTP:
    host, context = where.hostname or "", ssl.create_default_context()
    server: smtplib.SMTP
    if where.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, where.port or 465, timeout=_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, where.port or 25, timeout=_SECONDS)
    try:
        if where.query == "starttls":
            server.starttls(context=context)
        if where.username:
            server.login(unquote(where.username), unquote(where.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _judged(code: int, text: bytes | str) -> Exception:
    said = f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return (MailRefused if code >= 500 else MailDelayed)(one_line(said, 300))


def _said(error: BaseException) -> str:
    """Kind and words of an error; what we signed in with is not among them."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refused our sign-in ({error.smtp_code})"
    return one_line(f"{type(error).__name__}: {error}", 300)
