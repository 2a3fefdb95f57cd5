"""Status reports of version 03 and later: what became of a file of orders that was handed to a bank."""

from __future__ import annotations

from typing import Literal
from xml.etree.ElementTree import Element

from askpro.errors import InvalidInput
from askpro.sdk.statements.model import StatusLine
from askpro.sdk.statements.xml import document, every, first, money, words

__all__ = ("read_pain002",)


def read_pain002(data: bytes) -> list[StatusLine]:
    """The lines of a pain.002 file: first of the file, then of each batch and the transactions in it.

    A bank that rejects a whole batch names none of its transactions. Raises InvalidInput as ``read_camt053`` does.
    """
    message, name = document(data, "pain.002")
    group = first(message, "OrgnlGrpInfAndSts")
    original = words(group, "OrgnlMsgId")
    lines = [_line("file", group, "GrpSts", original)] if group is not None else []
    for batch in every(message, "OrgnlPmtInfAndSts"):
        payment = words(batch, "OrgnlPmtInfId")
        lines.append(_line("batch", batch, "PmtInfSts", original, payment))
        lines += [_line("transaction", one, "TxSts", original, payment) for one in every(batch, "TxInfAndSts")]
    if not lines:
        raise InvalidInput(f"the {name} file says nothing about any order", code="statement_empty")
    return [one for one in lines if one.level == "transaction" or one.status or one.reason]


def _line(
    level: Literal["file", "batch", "transaction"], element: Element, status: str, message: str, payment: str = ""
) -> StatusLine:
    reasons = [text for one in every(element, "StsRsnInf") if (text := words(one, "Rsn/Cd", "Rsn/Prtry"))]
    said = [text for one in every(element, "StsRsnInf/AddtlInf") if (text := " ".join((one.text or "").split()))]
    return StatusLine(
        level=level,
        status=words(element, status).upper(),
        reason=",".join(dict.fromkeys(reasons)),
        end_to_end_id=words(element, "OrgnlEndToEndId"),
        message_id=message,
        payment_id=payment,
        mandate_id=words(element, "OrgnlTxRef/MndtRltdInf/MndtId", "OrgnlTxRef/MndtRltdInf/DrctDbtMndt/MndtId"),
        amount=money(first(element, "OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/IntrBkSttlmAmt")),
        said=" ".join(said),
    )
