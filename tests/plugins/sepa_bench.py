"""Direct debit on the test bench: the plugin in a host on PostgreSQL, hands for customer, staff and bank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from dummy_house import FALKE, NORTH

from askpro import clock
from askpro.ids import new_id
from askpro.money import Money
from askpro.pluginhost import Host, service
from askpro.sdk import CheckoutSession, Context, CustomerRef, SetupRequest, TenantRef
from askpro.testing.providers import Bench
from askpro_sepa import bank, debits, exporting, mandates, setups
from askpro_sepa.agreeing import agree, cancel, give, read_account
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.provider import SepaProvider
from askpro_sepa.settings import SepaSettings, settings_of
from askpro_sepa.store import open_book
from askpro_sepa.wording import mandate_wording

__all__ = (
    "CREDITOR",
    "IBAN",
    "SETTINGS",
    "SepaBench",
    "camt",
    "entry",
    "pain002",
    "sepa",
    "sepa_host",
    "settings_with",
)

CREDITOR = "DE02120300000000202051"
IBAN = "DE89370400440532013000"
SETTINGS: dict[str, Any] = {
    "creditor_name": "Nordstern Telefonie GmbH", "creditor_id": "DE98ZZZ09999999999", "creditor_iban": CREDITOR,
    "message_prefix": "NORD",
}  # fmt: skip


class SepaBench(Bench):
    """Whoever waits has the queue written, and the bank book all of it."""

    schema = SepaSettings
    settings: Mapping[str, Any] = SETTINGS
    amounts: ClassVar[tuple[Money, ...]] = (Money.of(50, "EUR"), Money.of("0.01", "EUR"), Money.of("1234.56", "EUR"))
    hears, knows, charges_at_once = False, True, False

    def __init__(self, host: Host, ctx: Context, other: Context, move: Callable[[timedelta], None]) -> None:
        self.provider = SepaProvider()
        self.host, self.ctx, self.other, self.move = host, ctx, other, move

    async def agreed(self, session: CheckoutSession, *, iban: str = IBAN, name: str = "Anna Müller") -> Debit:
        """The customer gives a mandate on the page and agrees."""
        settings = settings_of(self.ctx)
        async with open_book(self.ctx) as book:
            debit = await debits.by_id(book, UUID(session.url.rsplit("/", 1)[1]))
            assert debit is not None
            wording = mandate_wording(settings, debit.mandate_ref, "de", single=not debit.saves)
            mandate = await give(
                book, settings, read_account(name, iban), wording, ref=debit.mandate_ref, customer=debit.customer,
                locale="de", address="203.0.113.9", single=not debit.saves,
            )  # fmt: skip
            return await agree(book, settings, debit, mandate)

    async def pay(self, session: CheckoutSession) -> None:
        await self.agreed(session)
        await self.wait()

    async def decline(self, session: CheckoutSession) -> None:
        debit = await self.agreed(session)
        await exporting.export(self.ctx)
        await bank.read_file(self.ctx, "status.xml", pain002([(debit.end_to_end, "RJCT", "AM04")]))

    async def delay(self, session: CheckoutSession) -> None:
        await self.agreed(session)

    async def lose(self, session: CheckoutSession) -> None:
        raise NotImplementedError

    async def wait(self) -> None:
        file = (await exporting.export(self.ctx)).file
        if file is not None:
            inside = await self.inside(file.id)
            await bank.read_file(self.ctx, "statement.xml", camt([entry(one.amount, one.end_to_end) for one in inside]))

    async def inside(self, file: UUID) -> list[Debit]:
        """The collections of a file."""
        async with open_book(self.ctx) as book:
            return await debits.of_file(book, file)

    async def debit(self, key: str) -> Debit:
        """By the core's key."""
        async with open_book(self.ctx) as book:
            found = await debits.by_key(book, key)
        assert found is not None
        return found

    async def signed_event(self, ctx: Context, key: str) -> tuple[Mapping[str, str], bytes]:
        raise NotImplementedError

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        mandate = await self.mandate(customer)
        if behaviour == "decline":  # not used for more than three years
            async with open_book(self.ctx) as book:
                await book.unit.execute(
                    "update plug_sepa.mandate set signed_on = $3 where tenant_id = $1 and id = $2",
                    book.tenant, mandate.id, book.today - timedelta(days=37 * 31),
                )  # fmt: skip
        return mandate.ref

    async def mandate(self, customer: CustomerRef, iban: str = IBAN, name: str = "Anna Müller") -> Mandate:
        """Given on the page that only saves."""
        settings = settings_of(self.ctx)
        request = SetupRequest(
            key=str(new_id()), customer=customer, return_url="https://x.example/", cancel_url="https://x.example/",
            consent="You may collect by this mandate.", currency="EUR",
        )  # fmt: skip
        page = await self.provider.create_setup(self.ctx, request)
        async with open_book(self.ctx) as book:
            wording = mandate_wording(settings, page.provider_ref, "de", single=False, consent=request.consent)
            given = await give(
                book, settings, read_account(name, iban), wording, ref=page.provider_ref, customer=customer.id,
                locale="de", address="203.0.113.9", single=False,
            )  # fmt: skip
            await setups.finish(book, UUID(page.url.rsplit("/", 1)[1]), "done", given.id)
        return given

    async def cancelled(self, session: CheckoutSession) -> None:
        """The customer goes back."""
        async with open_book(self.ctx) as book:
            await cancel(book, UUID(session.url.rsplit("/", 1)[1]), "cancelled")

    async def by_ref(self, ref: str) -> Mandate:
        """From the register."""
        async with open_book(self.ctx) as book:
            found = await mandates.by_ref(book, ref)
        assert found is not None
        return found


def entry(
    amount: Money, end_to_end: str = "", *, credit: bool = True, reason: str = "", batch: str = "", message: str = "",
    on: date | None = None, code: str = "PMNT-IDDT-ESDD", count: int = 0,
) -> str:  # fmt: skip
    """One ``Ntry`` of a statement."""
    day = on or clock.civil_day(clock.now(), "Europe/Berlin")
    domain, family, sub = code.split("-")
    side = "CRDT" if credit else "DBIT"
    ids = (f"<MsgId>{message}</MsgId>" if message else "") + (f"<PmtInfId>{batch}</PmtInfId>" if batch else "")
    back = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    money = f'<Amt Ccy="EUR">{amount.decimal:.2f}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
    if end_to_end:
        refs = f"<Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>"
        details = f"<NtryDtls><TxDtls>{refs}{money}{back}</TxDtls></NtryDtls>"
    else:
        details = f"<NtryDtls><Btch>{ids}<NbOfTxs>{count}</NbOfTxs></Btch></NtryDtls>"
    return (
        f"<Ntry>{money}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><BkTxCd><Domn><Cd>{domain}</Cd><Fmly>"
        f"<Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>{details}</Ntry>"
    )


def camt(entries: list[str], iban: str = CREDITOR) -> bytes:
    """A statement with these entries."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        "<BkToCstmrStmt><GrpHdr><MsgId>S</MsgId><CreDtTm>2026-11-22T10:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def pain002(lines: list[tuple[str, str, str]], *, message: str = "M", batch: str = "", group: str = "") -> bytes:
    """A status report: (end-to-end id, status, reason) each; ``group`` a status of the whole file or batch."""
    said = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{number}</OrgnlEndToEndId><TxSts>{status}</TxSts><StsRsnInf><Rsn><Cd>{reason}</Cd>"
        "</Rsn></StsRsnInf></TxInfAndSts>"
        for number, status, reason in lines
    )
    whole = f"<GrpSts>{group}</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>" if group and not batch else ""
    part = f"<PmtInfSts>{group}</PmtInfSts><StsRsnInf><Rsn><Cd>AG02</Cd></Rsn></StsRsnInf>" if group and batch else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
        "<CstmrPmtStsRpt><GrpHdr><MsgId>R</MsgId><CreDtTm>2026-11-22T10:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>{whole}"
        f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch or 'B'}</OrgnlPmtInfId>{part}{said}"
        "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


async def settings_with(host: Host, tenant: TenantRef, **changes: Any) -> Context:
    """Save settings and come back with a context that has them."""
    values = {name: str(value) for name, value in {**SETTINGS, **changes}.items()}
    version = await service.save_settings(host, tenant, "sepa", values, by="t")
    return await host.contexts.for_tenant(host.records["sepa"], tenant, version, actor="staff:1")


@pytest.fixture
async def sepa_host(house: Any) -> Host:
    host: Host = await house("sepa")
    for tenant in (NORTH, FALKE):
        await settings_with(host, tenant)
        await service.enable(host, tenant, "sepa", by="t")
    return host


@pytest.fixture
async def sepa(sepa_host: Host, monkeypatch: pytest.MonkeyPatch) -> SepaBench:
    moved, real = [timedelta()], clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def move(by: timedelta) -> None:
        moved[0] += by

    contexts = [await settings_with(sepa_host, tenant) for tenant in (NORTH, FALKE)]
    return SepaBench(sepa_host, *contexts, move)
