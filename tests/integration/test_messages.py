"""Mails are queued with their fact, sent once by a job over real SMTP, and seen by their own tenant only."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.events import emit
from askpro.events.delivery import deliver
from askpro.ids import new_id
from askpro.jobs.housekeeping import housekeeping
from askpro.messages import facts, jobs, links, preferences, queries, sending, service
from askpro.messages.facts import FACTS
from askpro.messages.model import Mail
from askpro.messages.plugins import mail_from_plugin
from askpro.people import keys
from askpro.people.customers import update_customer
from askpro.people.model import Customer
from askpro.people.persons import add_person
from askpro.sdk.context import TenantRef
from askpro.settings import Settings
from askpro.tenancy.model import Contact, Tenant, TenantSettings
from askpro.tenancy.service import update_tenant
from askpro.worker import run_worker
from house import BY, customer, reseller
from support.mail_samples import samples
from support.smtp_house import MailServer, mail_server

pytestmark = pytest.mark.anyio

EUR = samples("EUR")
LOW = EUR["wallet.low"][0]


class House:
    """A reseller with one customer and its mail server."""

    def __init__(self, tenant: Tenant, customer: Customer, server: MailServer) -> None:
        self.tenant, self.customer, self.server = tenant, customer, server

    async def queue(self, template: str = "topup.settled", key: str = "fact-1", **more: Any) -> None:
        values = more.pop("values", EUR.get(template, [{}])[0])
        async with db.unit(self.tenant.id):
            await service.queue(
                self.tenant.id, template, **({"customer": self.customer.id} | more), values=values, key=key
            )

    async def mails(self, **narrow: Any) -> list[Mail]:
        async with db.unit(self.tenant.id):
            return await queries.mails(self.tenant.id, **narrow)

    async def mail(self) -> Mail:
        (only,) = await self.mails()
        return only

    async def send(self) -> str | None:
        return await sending.send(self.tenant.id, (await self.mail()).id)

    async def tell(self, kind: str, **payload: Any) -> None:
        said = {"customer": str(self.customer.id), "wallet": str(self.customer.wallet_id), "currency": "EUR", **payload}
        async with db.unit(self.tenant.id):
            await emit(kind, said, tenant=self.tenant.id)
        await deliver(self.tenant.id)


def connect(url: str, **more: Any) -> None:
    links.connect(Settings(smtp_url=url, mail_from="billing@askpro.example", **more))


@pytest.fixture
async def house(database: Any) -> AsyncIterator[House]:
    contact = Contact("hilfe@nord.example", "+49 30 1", "Nord GmbH · Hamburg · HRB 1")
    tenant = await reseller("nord", settings=TenantSettings(contact=contact))
    someone = await customer(tenant.id, email="anna@kunde.example", locale="de")
    facts.listen()
    async with mail_server() as server:
        connect(server.url)
        yield House(tenant, someone, server)
    links.disconnect()


async def staff(house: House, email: str, role: str = "reseller", **more: Any) -> UUID:
    return (await add_person(house.tenant.id, email, role=role, by=BY, **more)).id


# from the fact to the letter


async def test_a_mail_is_sent_once_by_the_worker(house: House, database: Any) -> None:
    """Queued in a unit, sent after it by a job: envelope, headers and both parts are what they should be."""
    await house.queue()
    await run_worker(database.dsn, wait=False)

    (letter,) = house.server.letters
    message, mail = letter.message, await house.mail()
    assert (letter.sender, letter.recipients) == ("billing@askpro.example", ("anna@kunde.example",))
    assert message["From"] == "Nord <billing@askpro.example>"
    assert message["To"] == "Customer NO-1 <anna@kunde.example>"
    assert message["Reply-To"] == "hilfe@nord.example"
    assert message["Message-ID"] == f"<{mail.id}@askpro.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text = message.get_body(("plain",))
    assert text is not None
    assert "1.250,00\N{NO-BREAK SPACE}€" in text.get_content()
    assert (mail.state, mail.attempts, mail.last_error) == ("sent", 1, "")
    assert await house.send() is None
    assert len(house.server.letters) == 1


async def test_a_reseller_without_a_sound_address_still_writes_to_its_customers(house: House) -> None:
    """What the reseller mistyped is left out of the header; the customer's mail goes all the same."""
    contact = Contact("Hilfe <hilfe@nord.example>")
    await update_tenant(house.tenant.id, by=BY, settings=TenantSettings(contact=contact))
    await house.queue()
    assert await house.send() == "sent"
    assert house.server.letters[0].message["Reply-To"] is None


async def test_one_fact_is_one_mail(house: House) -> None:
    """The same key ten times at once, in ten units: one row, one job, one letter."""
    await asyncio.gather(*(house.queue() for _ in range(10)))
    mail = await house.mail()
    await asyncio.gather(*(sending.send(house.tenant.id, mail.id) for _ in range(5)))

    assert len(house.server.letters) == 1
    async with db.shared_unit():
        queued = await db.fetchval("select count(*) from jobs.procrastinate_jobs where task_name = $1", service.SEND)
    assert queued == 1


async def test_a_mail_goes_with_its_unit(house: House) -> None:
    """What is rolled back is told to nobody; and outside a unit nothing can be queued."""
    with pytest.raises(ZeroDivisionError):
        async with db.unit(house.tenant.id):
            await house.queue()
            raise ZeroDivisionError
    assert await house.mails() == []
    with pytest.raises(RuntimeError):
        await service.queue(house.tenant.id, "wallet.low", customer=house.customer.id, values=LOW, key="k")


@pytest.mark.parametrize(
    "wrong", [{"template": "nothing"}, {"staff": True}, {"customer": None}, {"values": {"x": object()}}]
)
async def test_a_callers_mistake_is_told_to_the_caller(house: House, wrong: dict[str, Any]) -> None:
    """An unknown mail, two recipients or none, a value no mail can hold: known at the first call."""
    with pytest.raises((ValueError, TypeError)):
        await house.queue(**wrong)


async def test_a_mail_that_cannot_be_written_fails_nothing_else(house: House) -> None:
    """A template stumbles, in the middle of a unit: the unit commits, the mail waits, and is sent once it can be."""
    values = {name: value for name, value in EUR["topup.settled"][0].items() if name != "gross"}
    async with db.unit(house.tenant.id):
        await service.queue(house.tenant.id, "topup.settled", customer=house.customer.id, values=values, key="broken")
        await db.execute("update people.customer set name = 'Booked' where tenant_id = $1", house.tenant.id)
    mail = await house.mail()

    assert (mail.state, mail.rendered) == ("waiting", None)
    assert "gross" in mail.last_error
    assert await house.send() == "waiting"
    async with db.unit(house.tenant.id):
        assert await db.fetchval("select name from people.customer where tenant_id = $1", house.tenant.id) == "Booked"
        await db.execute(
            "update messages.mail set given = given || $2, next_try = now() where tenant_id = $1",
            house.tenant.id,
            {"gross": {"money": [1, "EUR"]}},
        )
    assert await house.send() == "sent"


async def test_a_changed_template_changes_no_mail(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written when it happened is what is sent, whatever became of the templates meanwhile."""
    await house.queue()
    before = (await house.mail()).rendered

    def other(*_: object) -> None:
        raise AssertionError("a mail is not written twice")

    monkeypatch.setattr(service, "render", other)
    assert await house.send() == "sent"
    assert (await house.mail()).rendered == before


# servers


async def test_a_delay_is_tried_again_with_growing_pauses(house: House) -> None:
    """4xx, a connection cut and one refused: each time it waits longer, and then it arrives once."""
    house.server.answers = ["451 later", "hang up", "421 closing"]
    await house.queue()
    waits, now = [], clock.now()
    for _ in range(3):
        with clock.frozen(now):
            assert await house.send() == "waiting"
            assert await house.send() is None  # not before its time
        waits.append((await house.mail()).next_try - now)
        now = (await house.mail()).next_try
    with clock.frozen(now):
        assert await house.send() == "sent"

    assert waits == list(sending.PAUSES[:3])
    assert len(house.server.letters) == 1
    assert house.server.tried == 4


@pytest.mark.parametrize("where", ["data", "recipient"])
async def test_a_refusal_is_final(house: House, where: str) -> None:
    """5xx is not asked again; the answer is kept, and only a person's hand sends the mail once more."""
    if where == "data":
        house.server.answers = ["550 5.7.1 we do not want this"]
    else:
        house.server.recipients["anna@kunde.example"] = "550 no such user"
    await house.queue()
    assert await house.send() == "failed"
    mail = await house.mail()
    with clock.frozen(clock.now() + timedelta(days=1)):
        await jobs.sweep()
        assert await house.send() is None

    assert mail.last_error.startswith("550")
    house.server.recipients.clear()
    await service.retry(house.tenant.id, mail.id, by=BY)
    assert await house.send() == "sent"
    with pytest.raises(Conflict):
        await service.retry(house.tenant.id, mail.id, by=BY)


async def test_a_mail_that_nobody_takes_fails_in_the_end(house: House) -> None:
    """After the last pause it has failed, and stands in the list."""
    house.server.recipients["anna@kunde.example"] = "450 mailbox busy"
    await house.queue()
    now = clock.now()
    states = []
    for _ in range(len(sending.PAUSES) + 1):
        with clock.frozen(now):
            states.append(await house.send())
        now = (await house.mail()).next_try

    assert states == ["waiting"] * len(sending.PAUSES) + ["failed"]
    assert [mail.last_error for mail in await house.mails(state="failed")] == ["450 mailbox busy"]


async def test_a_bad_farewell_is_no_second_mail(house: House) -> None:
    """The server takes the message and stumbles over QUIT: sent is sent."""
    house.server.said_goodbye = False
    await house.queue()

    assert await house.send() == "sent"


async def test_a_process_that_dies_meanwhile_sends_the_same_message_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the server took it and before we noted it: after the lease the same bytes go out, no others."""
    await house.queue()

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_note", killed)
        with pytest.raises(asyncio.CancelledError):
            await house.send()
    assert (await house.mail()).state == "waiting"
    assert await house.send() is None  # it looks as if it were under way
    with clock.frozen(clock.now() + sending.LEASE):
        await jobs.sweep()
        assert await house.send() == "sent"

    first, second = house.server.letters
    assert first.raw == second.raw
    assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_an_answer_lost_on_the_way_is_tried_again(house: House) -> None:
    """The server took it and the line broke before it said so: we cannot know, and the Message-ID is the same."""
    house.server.answers = ["taken, then gone"]
    await house.queue()
    assert await house.send() == "waiting"
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert await house.send() == "sent"

    assert len({letter.message["Message-ID"] for letter in house.server.letters}) == 1


async def test_the_sweep_finds_what_is_due(house: House, database: Any) -> None:
    """A mail whose job is gone is found by the minute, whoever's it is."""
    await house.queue()
    async with db.shared_unit():
        await db.execute("delete from jobs.procrastinate_jobs")
    await jobs.sweep()
    await run_worker(database.dsn, wait=False)

    assert len(house.server.letters) == 1


async def test_without_a_mail_server_mails_are_kept(house: House, tmp_path: Path) -> None:
    """They wait and can be read; a server set up days later gets none of them. A folder takes them as files."""
    connect("")
    await house.queue(key="old")
    assert await house.send() is None
    connect(house.server.url)
    with clock.frozen(clock.now() + sending.PATIENCE + timedelta(hours=1)):
        assert await house.send() == "failed"
    connect(f"file://{tmp_path}/mail")
    await house.queue(key="new")
    new = (await house.mails(state="waiting"))[0]
    assert await sending.send(house.tenant.id, new.id) == "sent"

    assert [file.name for file in (tmp_path / "mail").iterdir()] == [f"{new.id}.eml"]
    assert house.server.letters == []


async def test_a_server_out_of_reach_is_a_delay(house: House) -> None:
    """No connection says nothing about the mail, and the password is in no error."""
    connect("smtp://me:hunter2-hunter2@127.0.0.1:1")
    await house.queue()

    assert await house.send() == "waiting"
    assert "hunter2" not in (await house.mail()).last_error


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What this machine's own name is vouched for with; trusted for as long as the test lasts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "house.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


@pytest.mark.parametrize("way", ["smtps", "starttls"])
async def test_secrets_go_over_tls_to_a_server_that_is_who_it_says(
    house: House, certificate: ssl.SSLContext, way: str
) -> None:
    """Signed in over TLS from the first byte or after STARTTLS; a wrong password and a wrong name are delays."""
    options = {"tls": certificate} if way == "smtps" else {}
    async with mail_server(**options, secret="me@nord:p:ss/word") as server:
        server.tls = certificate

        def url(password: str, host: str = "localhost") -> str:
            ending = "?starttls" if way == "starttls" else ""
            return f"{'smtps' if way == 'smtps' else 'smtp'}://me%40nord:{password}@{host}:{server.port}{ending}"

        await house.queue()
        now = clock.now()
        for wrong in (url("other"), url("p%3Ass%2Fword", "127.0.0.1")):
            connect(wrong)
            with clock.frozen(now):
                assert await house.send() == "waiting"
            now = (await house.mail()).next_try
        connect(url("p%3Ass%2Fword"))
        with clock.frozen(now):
            assert await house.send() == "sent"

        assert len(server.letters) == 1


# what somebody could slip in


async def test_no_name_can_add_a_header(house: House) -> None:
    """Line breaks, commas and quotes in names, subjects and the reseller's own settings stay what they are: text."""
    evil = 'Anna\r\nBcc: victim@x.example\r\n\r\n<script>, "Müller" <other@x.example>'
    async with db.unit(house.tenant.id):
        await db.execute("update people.customer set name = $2 where tenant_id = $1", house.tenant.id, evil)
        await db.execute("update tenancy.tenant set name = $2 where id = $1", house.tenant.id, "Nord\nBcc: a@b.example")
    await mail_from_plugin(
        "evil", TenantRef(house.tenant.id), str(house.customer.id), "Hi\r\nBcc: c@d.example", ["<b>x</b>"], key="k"
    )
    assert await house.send() == "sent"

    (letter,) = house.server.letters
    assert letter.recipients == ("anna@kunde.example",)
    assert letter.message["Bcc"] is None
    assert letter.message["Subject"] == "Hi Bcc: c@d.example"
    assert [one.addr_spec for one in letter.message["To"].addresses] == ["anna@kunde.example"]
    html = letter.message.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "<b>" not in html.get_content()


async def test_umlauts_arrive(house: House) -> None:
    """In the name, the subject and both parts."""
    await update_customer(house.tenant.id, house.customer.id, name="Käthe Groß & Söhne", by=BY)
    await house.queue()
    await house.send()

    message = house.server.letters[0].message
    assert message["To"].addresses[0].display_name == "Käthe Groß & Söhne"
    text = message.get_body(("plain",))
    assert text is not None
    assert "Käthe Groß & Söhne" in text.get_content()
    assert house.server.letters[0].raw.isascii()


async def test_an_address_that_is_none_is_final(house: House) -> None:
    """It is not given to a server at all."""
    async with db.unit(house.tenant.id):
        await db.execute("update people.customer set email = 'a b@@c' where tenant_id = $1", house.tenant.id)
    await house.queue()

    assert await house.send() == "failed"
    assert house.server.tried == 0


# who is written to


async def test_a_customer_without_address_is_reached_through_its_people(house: House) -> None:
    """The first who signs in, in their language where the customer has none; without anybody a row says so."""
    await update_customer(house.tenant.id, house.customer.id, email="", locale="", by=BY)
    await house.queue(key="nobody")
    skipped = await house.mail()
    assert (skipped.state, skipped.last_error, skipped.rendered) == ("skipped", "there is no address", None)
    for email, locale in (("ben@kunde.example", "en"), ("cleo@kunde.example", "de")):
        await add_person(house.tenant.id, email, role="customer", customer_id=house.customer.id, locale=locale, by=BY)
    await house.queue(key="somebody")

    (found,) = await house.mails(state="waiting")
    assert (found.address, found.locale) == ("ben@kunde.example", "en")


async def test_staff_are_written_to_each_but_not_about_their_own(house: House) -> None:
    """Everybody active of the staff; not the proposer, not who has left, not customers."""
    proposer = await staff(house, "eva@nord.example")
    await staff(house, "fritz@nord.example")
    gone = await staff(house, "gone@nord.example")
    async with db.unit(house.tenant.id):
        await db.execute("update people.person set status = 'disabled' where tenant_id = $1 and id = $2",
                         house.tenant.id, gone)  # fmt: skip
    waiting = {"adjustment": str(new_id()), "amount": -200_000_000, "reason": "Kulanz", "by": f"person:{proposer}"}
    await house.tell("adjustment.waiting", **waiting)
    await house.tell("adjustment.waiting", **waiting)

    (mail,) = await house.mails()
    assert mail.address == "fritz@nord.example"
    assert mail.rendered is not None
    assert "−200,00" in mail.rendered.text


async def test_who_proposed_by_a_key_is_not_asked_to_approve_it(house: House) -> None:
    """Behind a key stands whoever made it, however many keys made keys in between."""
    proposer = await staff(house, "eva@nord.example")
    await staff(house, "fritz@nord.example")
    _, own = await keys.create(house.tenant.id, "machine", ["*"], by=Actor("person", str(proposer)))
    _, child = await keys.create(house.tenant.id, "another", ["*"], by=own.actor)
    await house.tell("adjustment.waiting", **TOLD["adjustment.waiting"], by=str(child.actor))
    assert [mail.address for mail in await house.mails()] == ["fritz@nord.example"]


async def test_pages_lose_no_mail_of_one_instant(house: House) -> None:
    """Seven mails made at the same moment and five others, three a page: each is seen once, latest first."""
    for n in range(12):
        at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC) + timedelta(minutes=max(0, n - 6))
        with clock.frozen(at):
            await house.queue(key=f"m{n}")
    seen: list[Mail] = []
    while page := await house.mails(limit=3, before=(seen[-1].created_at, seen[-1].id) if seen else None):
        seen += page
    assert sorted(mail.key for mail in seen) == sorted(f"m{n}" for n in range(12))
    assert [(mail.created_at, mail.id) for mail in seen] == sorted(((m.created_at, m.id) for m in seen), reverse=True)


async def test_optional_mails_can_be_switched_off(house: House) -> None:
    """Only optional ones, for this customer only, and on again; a letter says where."""
    await preferences.set_wanted(house.tenant.id, house.customer.id, "wallet.low", False, by=BY)
    await house.queue("wallet.low", key="off")
    await house.queue("topup.settled", key="must")
    other = await customer(house.tenant.id, "NO-2", email="other@kunde.example")
    await house.queue("wallet.low", key="other", customer=other.id)

    assert await preferences.wanted(house.tenant.id, house.customer.id) == {
        "wallet.low": False, "spending.soft_cap": True, "promo": True
    }  # fmt: skip
    assert {mail.key: mail.state for mail in await house.mails()} == {
        "off": "skipped", "must": "waiting", "other": "waiting"
    }  # fmt: skip
    await preferences.set_wanted(house.tenant.id, house.customer.id, "wallet.low", True, by=BY)
    await house.queue("wallet.low", key="on")
    on = next(mail for mail in await house.mails() if mail.key == "on")
    await sending.send(house.tenant.id, on.id)
    assert house.server.letters[0].message["List-Unsubscribe"] == "<http://nord.askpro.localhost:8000/notifications>"
    with pytest.raises(InvalidInput):
        await preferences.set_wanted(house.tenant.id, house.customer.id, "topup.settled", False, by=BY)


# facts

ORDER = {"order": str(new_id()), "reference": "AU-1", "net": 50_000_000, "tax": 9_500_000, "gross": 59_500_000}
DISPUTE = {"dispute": str(new_id()), "order": ORDER["order"], "reference": "AU-1", "amount": 59_500_000, "reason": "x"}
TOLD: dict[str, dict[str, Any]] = {
    "topup.settled": ORDER,
    "topup.pending": ORDER,
    "topup.declined": ORDER,
    "autotopup.confirm": {**ORDER, "url": "https://bank.example/c"},
    "autotopup.paused": {"order": ORDER["order"], "reason": "declined", "declines": 3},
    "refund.settled": {**ORDER, "refund": str(new_id())},
    "refund.declined": {**ORDER, "refund": str(new_id())},
    "dispute.opened": {**DISPUTE, "answer_by": "2026-12-04T10:00:00+00:00"},
    "dispute.withdrawn": {**DISPUTE, "answer_by": None},
    "dispute.won": DISPUTE,
    "dispute.lost": DISPUTE,
    "wallet.low": {"available": 4_000_000, "threshold": 10_000_000},
    "spending.soft_cap": {
        "scope": "customer",
        "period": "month",
        "begins": "2026-12-01",
        "until": "2026-12-31",
        "cap": 200_000_000,
        "spent": 203_000_000,
        "hard": None,
    },
    "promo.granted": {"amount": 5_000_000, "expires_at": None},
    "promo.expiring": {"amount": 5_000_000, "expires_at": "2026-12-31T23:00:00+00:00"},
    "payout.failed": {"payout": str(new_id()), "ref": "po_1", "code": "no_account", "amount": None, "customer": ""},
    "adjustment.waiting": {"adjustment": str(new_id()), "amount": 200_000_000, "reason": "Kulanz"},
}


async def test_every_fact_becomes_one_mail(house: House) -> None:
    """Each event that is listened to, told twice over and delivered twice over: one mail each, all of them written.

    What a customer has spent is told to the staff, too.
    """
    assert TOLD.keys() == FACTS.keys()
    await staff(house, "eva@nord.example")
    for kind, payload in TOLD.items():
        for _ in range(1 if kind in ("wallet.low", "spending.soft_cap", "promo.granted", "promo.expiring") else 2):
            await house.tell(kind, **payload)
        async with db.unit(house.tenant.id):  # as if the delivery had been forgotten
            await db.execute("update events.outbox set done_at = null where tenant_id = $1", house.tenant.id)
        await deliver(house.tenant.id)

    mails = await house.mails(limit=100)
    assert sorted(mail.template for mail in mails) == sorted([*TOLD, "spending.staff"])
    assert [mail.last_error for mail in mails] == [""] * len(mails)
    async with db.unit(house.tenant.id):
        deaf = await db.fetch("select kind from events.outbox where not 'messages' = any (delivered)")
    assert [row["kind"] for row in deaf] == []


async def test_a_declined_card_is_not_told_twice(house: House) -> None:
    """Who was at the screen has seen it; who was told that money is on its way is told that it did not come."""
    await house.tell("topup.declined", **ORDER)
    assert await house.mails() == []
    late = {**ORDER, "order": str(new_id())}
    await house.tell("topup.pending", **late)
    await house.tell("topup.declined", **late)

    assert {mail.template for mail in await house.mails()} == {"topup.pending", "topup.declined"}


async def test_an_automatic_top_up_has_words_of_its_own(house: House) -> None:
    """Paid by the rule, it is one mail, and not the one of a top-up by hand."""
    await house.tell("topup.settled", **ORDER, origin="auto")
    await house.tell("autotopup.charged", order=ORDER["order"])

    mail = await house.mail()
    assert (mail.template, mail.key) == ("autotopup.charged", f"topup.settled:{ORDER['order']}")
    assert mail.given["balance"] == {"money": [0, "EUR"]}


async def test_the_last_day_is_a_day_on_which_it_still_holds(house: House) -> None:
    """Credit that ends as the new year begins in Berlin is valid until the 31st."""
    await house.tell("promo.expiring", **TOLD["promo.expiring"])

    written = (await house.mail()).rendered
    assert written is not None
    assert "31. Dez. 2026" in written.text


# tenants, and the end


async def test_another_tenant_sees_nothing(house: House) -> None:
    """Not the mail, not that it is there, not what the customer prefers; and its key is its own."""
    await house.queue()
    mail = await house.mail()
    far = await reseller("far")
    async with db.unit(far.id):
        assert await queries.mails(far.id) == []
        with pytest.raises(NotFound):
            await queries.mail(far.id, mail.id)
        assert await db.fetchval("select count(*) from messages.mail") == 0
    assert await sending.send(far.id, mail.id) is None
    with pytest.raises(NotFound):
        await service.retry(far.id, mail.id, by=BY)
    with pytest.raises(NotFound):
        await mail_from_plugin("p", TenantRef(far.id), str(house.customer.id), "Hi", ["x"], key="k")
    await preferences.set_wanted(far.id, house.customer.id, "promo", False, by=BY)

    assert await preferences.unwanted(house.tenant.id, house.customer.id) == frozenset()
    assert await preferences.unwanted(far.id, house.customer.id) == frozenset()


async def test_after_ninety_days_nothing_is_left(house: House) -> None:
    """Sent, given up or never sent at all: each is deleted whole; what is younger waits on."""
    with clock.frozen(datetime.now(UTC) - timedelta(days=91)):
        await house.queue(key="sent")
        await house.send()
        await house.queue(key="never tried")
    with clock.frozen(datetime.now(UTC) - timedelta(days=89)):
        await house.queue(key="waiting")
    await house.queue(key="young")
    await housekeeping()

    assert {mail.key for mail in await house.mails()} == {"waiting", "young"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 151}, "subject"),
        ({"paragraphs": []}, "paragraphs"),
        ({"paragraphs": ["\u202e"]}, "paragraphs"),
        ({"paragraphs": ["x" * 2001]}, "paragraphs"),
        ({"key": ""}, "key"),
    ],
)
async def test_a_plugins_mail_is_looked_at(house: House, wrong: dict[str, Any], field: str) -> None:
    """What is no mail is refused, with the argument that is wrong."""
    given = {"subject": "Hi", "paragraphs": ["There."], "key": "k", **wrong}
    with pytest.raises(InvalidInput) as refused:
        await mail_from_plugin("p", TenantRef(house.tenant.id), str(house.customer.id), **given)

    assert refused.value.field == field
