"""A stored mail as a message for the wire (RFC 5322). The same mail is the same bytes, however often it is sent."""

from __future__ import annotations

from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from askpro.messages import links
from askpro.messages.kinds import KINDS
from askpro.messages.model import Mail
from askpro.messages.values import one_line
from askpro.tenancy.model import Tenant

__all__ = ("BadAddress", "compose", "deliverable")


class BadAddress(Exception):  # noqa: N818 - it is no error of ours
    """Mail cannot go there; asking again would not help."""


def deliverable(address: str) -> Address:
    """An address for a header, its domain as the DNS has it. Raises BadAddress."""
    local, _, domain = address.rpartition("@")
    try:
        if any(ord(character) < 33 for character in address) or not local:
            raise ValueError("no address")
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except (ValueError, MessageError, IndexError) as error:
        raise BadAddress(f"this is no address: {one_line(address, 80)}") from error


def compose(tenant: Tenant, mail: Mail) -> EmailMessage:
    """From the platform's address in the reseller's name; answers go to the reseller.

    The Message-ID is the mail's own id: should a mail be sent twice, its receiver can tell. Raises BadAddress,
    ValueError for a mail that is not written.
    """
    written = mail.rendered
    if written is None:
        raise ValueError("a mail must be written before it is sent")
    sender, to = links.mail_from(), deliverable(mail.address)
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Date"] = mail.created_at
    message["From"] = Address(one_line(tenant.name, 120), addr_spec=sender)
    message["To"] = Address(one_line(mail.name, 120), to.username, to.domain)
    if mail.customer_id is not None and (contact := tenant.settings.contact.email):
        with suppress(BadAddress):  # what the reseller mistyped keeps no mail from its customer
            message["Reply-To"] = deliverable(contact)
    message["Subject"] = one_line(written.subject, 200)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer from a machine, please
    if mail.customer_id is not None and KINDS[mail.template].optional:
        message["List-Unsubscribe"] = f"<{links.room(tenant, 'notifications')}>"
    message.set_content(written.text, cte="quoted-printable")
    message.add_alternative(written.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{mail.id.hex}")
    return message
