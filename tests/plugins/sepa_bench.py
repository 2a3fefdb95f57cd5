"""Direct debit on the test bench: the plugin in a host on PostgreSQL, hands for customer, staff and bank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from dummy_house import FALKE, NORTH

from askpro import clock
from askpro.money import Money
from askpro.pluginhost import Host, service
from askpro.sdk import ChargeResult, CheckoutSession, Context, CustomerRef, DisputeState, TenantRef
from askpro.testing.providers import Bench
from askpro_sepa import bank, debits, exporting, mandates, setups
from askpro_sepa.agreeing import agree, cancel, give, read_account, revoke
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
    dispute_ends = (DisputeState.LOST,)

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
        await self.refuse(await self.debit(debit.key), "AM04")

    async def refuse(self, debit: Debit, reason: str) -> None:
        """The bank reports that it will not collect it."""
        await bank.read_file(self.ctx, "status.xml", pain002([(debit.end_to_end, "RJCT", reason)], batch=debit.block))

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
        request = self.setup(customer)
        page = await self.provider.create_setup(self.ctx, request)
        return await self._given(page, iban, name)

    async def _given(self, page: CheckoutSession, iban: str = IBAN, name: str = "Anna Müller") -> Mandate:
        """With the words, and for the customer, that the page has."""
        settings = settings_of(self.ctx)
        async with open_book(self.ctx) as book:
            setup = await setups.by_id(book, UUID(page.url.rsplit("/", 1)[1]))
            assert setup is not None
            wording = mandate_wording(settings, setup.mandate_ref, "de", single=False, consent=setup.consent)
            given = await give(
                book, settings, read_account(name, iban), wording, ref=setup.mandate_ref, customer=setup.customer,
                locale="de", address="203.0.113.9", single=False,
            )  # fmt: skip
            await setups.finish(book, setup.id, "done", given.id)
        return given

    async def confirm_setup(self, session: CheckoutSession, customer: CustomerRef) -> None:
        await self._given(session)

    async def give_mandate(self, customer: CustomerRef, consent: str) -> str:
        page = await self.provider.create_setup(self.ctx, replace(self.setup(customer), consent=consent))
        return (await self._given(page)).ref

    async def revoke_mandate(self, ref: str) -> None:
        mandate = await self.by_ref(ref)
        async with open_book(self.ctx) as book:
            await revoke(book, mandate, "customer", f"customer:{mandate.customer}")

    async def dispute(self, payment: ChargeResult) -> str:
        assert payment.amount is not None
        back = entry(payment.amount, payment.provider_ref, credit=False, reason="MD06")
        await bank.read_file(self.ctx, "returns.xml", camt([back]))
        return f"R{payment.provider_ref}"

    async def close_dispute(self, ref: str, end: DisputeState) -> None:
        """Nobody asks the creditor: what came back is lost from the start."""

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
    on: date | None = None, code: str = "PMNT-IDDT-ESDD", count: int = 0, instructed: Money | None = None,
    charges: Money | None = None, bank_ref: str = "",
) -> str:  # fmt: skip
    """One ``Ntry`` of a statement."""
    day = on or clock.civil_day(clock.now(), "Europe/Berlin")
    domain, family, sub = code.split("-")
    side, own = "CRDT" if credit else "DBIT", f"<AcctSvcrRef>{bank_ref}</AcctSvcrRef>" if bank_ref else ""
    ids = (f"<MsgId>{message}</MsgId>" if message else "") + (f"<PmtInfId>{batch}</PmtInfId>" if batch else "")
    back = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    money = f'<Amt Ccy="EUR">{amount.decimal:.2f}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
    if end_to_end:
        refs = f"<Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>"
        first = (
            f'<AmtDtls><InstdAmt><Amt Ccy="EUR">{instructed.decimal:.2f}</Amt></InstdAmt></AmtDtls>'
            if instructed
            else ""
        )
        taken = f'<Chrgs><Rcrd><Amt Ccy="EUR">{charges.decimal:.2f}</Amt></Rcrd></Chrgs>' if charges else ""
        details = f"<NtryDtls><TxDtls>{refs}{money}{first}{taken}{back}</TxDtls></NtryDtls>"
    else:
        details = f"<NtryDtls><Btch>{ids}<NbOfTxs>{count}</NbOfTxs></Btch></NtryDtls>"
    return (
        f"<Ntry>{money}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>{own}<BkTxCd><Domn><Cd>{domain}</Cd><Fmly>"
        f"<Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>{details}</Ntry>"
    )


def camt(entries: list[str], iban: str = CREDITOR) -> bytes:
    """A statement with these entries."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        "<BkToCstmrStmt><GrpHdr><MsgId>S</MsgId><CreDtTm>2026-11-22T10:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def pain002(
    lines: list[tuple[str, str, str]], *, message: str = "M", batch: str = "", group: str = "", amount: str = ""
) -> bytes:
    """A status report: (end-to-end id, status, reason) each; ``group`` a status of the whole file or batch."""
    order = f'<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt></OrgnlTxRef>' if amount else ""
    said = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{number}</OrgnlEndToEndId><TxSts>{status}</TxSts><StsRsnInf><Rsn><Cd>{reason}</Cd>"
        f"</Rsn></StsRsnInf>{order}</TxInfAndSts>"
        for number, status, reason in lines
    )
    whole = f"<GrpSts>{group}</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>" if group and not batch else ""
    part = f"<PmtInfSts>{group}</PmtInfSts><StsRsnInf><Rsn><Cd>AG02</Cd></Rsn></StsRsnInf>" if group and batch else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
        "<CstmrPmtStsRpt><GrpHdr><MsgId>R</MsgId><CreDtTm>2026-11-22T10:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>{whole}"
        f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch or 'NOTPROVIDED'}</OrgnlPmtInfId>{part}{said}"
        "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


async def settings_with(host: Host, tenant: TenantRef, **changes: Any) -> Context:
    """Save settings and come back with a context that has them."""
    values = {name: str(value) for name, value in {**SETTINGS, **changes}.items()}
    version = await service.save_settings(host, tenant, "sepa", values, by="t")
    return await host.contexts.for_tenant(host.records["sepa"], tenant, version, actor="staff:1")


class Post:
    """Where mails to customers go: each is taken."""

    async def take(self, *mail: Any, key: str) -> None:
        del mail, key


@pytest.fixture
async def sepa_host(house: Any) -> Host:
    host: Host = await house("sepa", services={"mail": Post().take})
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
