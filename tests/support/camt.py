"""Account statements as banks write them, for tests: camt.053 of version 02 and 08."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

__all__ = ("ACCOUNT", "Line", "camt053", "joined")

ACCOUNT = "DE89370400440532013000"


@dataclass(frozen=True)
class Line:
    """One movement; ``parts`` make it a batch."""

    amount: str
    credit: bool = True
    text: str = ""
    name: str = "Anna Wagner"
    iban: str = "DE02120300000000202051"
    status: str = "BOOK"
    day: date = date(2026, 3, 2)
    bank_ref: str = ""
    end_to_end_id: str = "NOTPROVIDED"
    mandate_id: str = ""
    creditor_reference: str = ""
    return_reason: str = ""
    reversal: bool = False
    instructed: str = ""
    charges: str = ""
    currency: str = "EUR"
    parts: Sequence[Line] = field(default_factory=tuple)

    @property
    def signed(self) -> Decimal:
        return Decimal(self.amount) if self.credit else -Decimal(self.amount)


def camt053(
    lines: Sequence[Line],
    *,
    version: int = 8,
    account: str = ACCOUNT,
    number: str = "S-1",
    page: int = 0,
    currency: str = "EUR",
    opening: str = "1000.00",
    closing: str | None = None,
    encoding: str = "UTF-8",
) -> bytes:
    """A file with one statement. ``closing=None``: what the booked lines lead to."""
    total = Decimal(opening) + sum((one.signed for one in lines if one.status == "BOOK"), Decimal(0))
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}"
    balances = _balance("OPBD", opening, currency) + _balance("CLBD", closing or str(total), currency)
    paging = f"<PgNb>{page}</PgNb><LastPgInd>false</LastPgInd>" if page else ""
    message, statement = "", ""
    if paging:  # versions before 03 number the pages of the message
        message, statement = (
            (f"<MsgPgntn>{paging}</MsgPgntn>", "") if version < 3 else ("", f"<StmtPgntn>{paging}</StmtPgntn>")
        )
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<Document xmlns="{space}"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-03-02T20:00:00+01:00</CreDtTm>"
        f"{message}</GrpHdr><Stmt><Id>{number}</Id>{statement}<ElctrncSeqNb>42</ElctrncSeqNb><CreDtTm>2026-03-02T20:00:00+01:00</CreDtTm>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>{currency}</Ccy></Acct>{balances}"
        f"{''.join(_entry(one, version) for one in lines)}</Stmt></BkToCstmrStmt></Document>"
    )
    return text.encode(encoding)


def joined(*files: bytes) -> bytes:
    """One file with the statements of all of them."""
    statements = [one.partition(b"</GrpHdr>")[2].rpartition(b"</BkToCstmrStmt>")[0] for one in files]
    head, _, rest = files[0].partition(b"</GrpHdr>")
    return head + b"</GrpHdr>" + b"".join(statements) + b"</BkToCstmrStmt>" + rest.rpartition(b"</BkToCstmrStmt>")[2]


def _balance(code: str, amount: str, currency: str) -> str:
    sign = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{amount.lstrip("-")}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'
        "<Dt><Dt>2026-03-02</Dt></Dt></Bal>"
    )


def _entry(line: Line, version: int) -> str:
    new = version >= 4
    status = f"<Sts><Cd>{line.status}</Cd></Sts>" if version >= 8 else f"<Sts>{line.status}</Sts>"
    reversal = "<RvslInd>true</RvslInd>" if line.reversal else ""
    reference = f"<AcctSvcrRef>{line.bank_ref}</AcctSvcrRef>" if line.bank_ref else ""
    batch = f"<Btch><NbOfTxs>{len(line.parts)}</NbOfTxs></Btch>" if line.parts else ""
    details = "".join(_details(one, new, alone=not line.parts) for one in line.parts or (line,))
    return (
        f'<Ntry><Amt Ccy="{line.currency}">{line.amount}</Amt><CdtDbtInd>{_way(line)}</CdtDbtInd>{reversal}{status}'
        f"<BookgDt><Dt>{line.day}</Dt></BookgDt><ValDt><Dt>{line.day}</Dt></ValDt>{reference}"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{batch}{details}</NtryDtls></Ntry>"
    )


def _way(line: Line) -> str:
    return "CRDT" if line.credit else "DBIT"


def _details(line: Line, new: bool, *, alone: bool) -> str:
    reference = f"<AcctSvcrRef>{line.bank_ref}</AcctSvcrRef>" if line.bank_ref and not alone else ""
    mandate = f"<MndtId>{line.mandate_id}</MndtId>" if line.mandate_id else ""
    refs = f"<Refs>{reference}<EndToEndId>{escape(line.end_to_end_id)}</EndToEndId>{mandate}</Refs>"
    instructed = f'<InstdAmt><Amt Ccy="{line.currency}">{line.instructed}</Amt></InstdAmt>' if line.instructed else ""
    plain = f'<Amt Ccy="{line.currency}">{line.amount}</Amt>'
    amount = f"{plain}<CdtDbtInd>{_way(line)}</CdtDbtInd>" if new else ""
    taken = f"<TxAmt>{plain}</TxAmt>" if not new else ""
    details = f"<AmtDtls>{instructed}{taken}</AmtDtls>" if instructed or taken else ""
    charges = ""
    if line.charges:
        record = f'<Amt Ccy="{line.currency}">{line.charges}</Amt>'
        charges = f"<Chrgs><Rcrd>{record}</Rcrd></Chrgs>" if new else f"<Chrgs>{record}</Chrgs>"
    side = "Dbtr" if line.credit else "Cdtr"
    name = f"<Pty><Nm>{escape(line.name)}</Nm></Pty>" if new else f"<Nm>{escape(line.name)}</Nm>"
    parties = (
        f"<RltdPties><{side}>{name}</{side}><{side}Acct><Id><IBAN>{line.iban}</IBAN></Id></{side}Acct></RltdPties>"
        if line.name
        else ""
    )
    words = "".join(f"<Ustrd>{escape(part)}</Ustrd>" for part in line.text.split("\n") if part)
    structured = f"<Strd><CdtrRefInf><Ref>{line.creditor_reference}</Ref></CdtrRefInf></Strd>"
    remittance = words + (structured if line.creditor_reference else "")
    returned = f"<RtrInf><Rsn><Cd>{line.return_reason}</Cd></Rsn></RtrInf>" if line.return_reason else ""
    return (
        f"<TxDtls>{refs}{amount}{details}{charges}{parties}"
        f"{f'<RmtInf>{remittance}</RmtInf>' if remittance else ''}{returned}</TxDtls>"
    )
