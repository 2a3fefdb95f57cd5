"""The pure parts of direct debit: banks' days, letters, numbers, and the life of a collection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import Outcome
from askpro_sepa import machine
from askpro_sepa.mandates import draw_ref
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.reasons import CLOSING, REASONS
from askpro_sepa.settings import SepaSettings
from askpro_sepa.target import add_days, closing_days, collection_day, easter, first_day, is_open
from askpro_sepa.wording import mandate_wording
from askpro_sepa.words import MANDATE, creditor_id_ok, is_plain, masked, plain, plain_name, read_bic, read_iban

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 1))


def test_easter_of_known_years() -> None:
    """Earliest, latest, and the years around us."""
    known = {1818: (3, 22), 1943: (4, 25), 2000: (4, 23), 2008: (3, 23), 2011: (4, 24), 2024: (3, 31), 2025: (4, 20),
             2026: (4, 5), 2027: (3, 28), 2038: (4, 25), 2049: (4, 18), 2076: (4, 19), 2285: (3, 22)}  # fmt: skip
    assert {year: (easter(year).month, easter(year).day) for year in known} == known


def test_closing_days_of_2026() -> None:
    """As the ECB lists them."""
    assert sorted(closing_days(2026)) == [
        date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25), date(2026, 12, 26),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("today", "notice", "lead", "wanted"),
    [
        (date(2026, 11, 22), 14, 2, date(2026, 12, 7)),  # the 6th is a Sunday
        (date(2026, 12, 23), 1, 2, date(2026, 12, 28)),  # Thursday, then Christmas and a week-end
        (date(2026, 4, 1), 1, 2, date(2026, 4, 7)),  # Maundy Thursday is the first bank day, Tuesday the second
        (date(2026, 4, 1), 5, 1, date(2026, 4, 7)),  # notice ends on Easter Monday
        (date(2026, 12, 31), 1, 1, date(2027, 1, 4)),
        (date(2027, 4, 29), 2, 1, date(2027, 5, 3)),  # 1 May is a Saturday
    ],
)
def test_the_day_of_a_collection(today: date, notice: int, lead: int, wanted: date) -> None:
    """Calendar days of notice, TARGET days for the bank, and then a day on which money moves."""
    assert collection_day(today, notice, lead) == wanted


@given(DAYS, st.integers(1, 30), st.integers(1, 10))
def test_a_collection_is_never_early_and_never_on_a_closed_day(today: date, notice: int, lead: int) -> None:
    """It keeps both periods, on the first such day."""
    day = collection_day(today, notice, lead)
    assert is_open(day)
    assert day >= today + timedelta(days=notice)
    between = [today + timedelta(days=n) for n in range(1, (day - today).days + 1)]
    assert sum(map(is_open, between)) >= lead
    before = max(today + timedelta(days=notice), add_days(today, lead))
    assert first_day(before) == day


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Jürgen Größl & Söhne", "Juergen Groessl + Soehne"),
        ("ÄRZTEHAUS ÖL", "AeRZTEHAUS OeL"),
        ("Łukasz Żółć, Åse Øvergård", "Lukasz Zolc, Ase Oevergard"),
        ("Ειρήνη Παπαδοπούλου", "Eirini Papadopoyloy"),
        ("Щъркел Ивайло", "Shtarkel Ivaylo"),
        ('"Zum Löwen" <GmbH>', "'Zum Loewen' (GmbH)"),
        ("Anna 🚀  Berg\n", "Anna Berg"),
        ("5 € – 3 %", "5 EUR - 3 o/o"),
        ("ﬁnal ²", "final 2"),
    ],
)
def test_letters_that_banks_forward(text: str, wanted: str) -> None:
    """German umlauts the German way, everything else as near as it comes."""
    assert plain(text) == wanted


@given(st.text(max_size=80))
def test_what_is_written_is_always_forwarded(text: str) -> None:
    """Whatever comes in, only allowed letters come out; doing it twice changes nothing."""
    assert is_plain(plain(text))
    assert plain(plain(text)) == plain(text)


def test_names_are_refused_and_not_cut() -> None:
    """Nothing left, or more than 70 letters after ü became ue."""
    assert plain_name("ü" * 35) == "ue" * 35
    for name, code in (("🚀", "sepa_name"), ("12 34", "sepa_name"), ("ü" * 36, "sepa_name_long")):
        with pytest.raises(InvalidInput) as refused:
            plain_name(name)
        assert refused.value.code == code


def test_ibans() -> None:
    """Spaces and small letters are welcome; check digits, lengths, and countries without a simple way are not."""
    assert read_iban(" de89 3704 0044 0532 0130 00 ") == "DE89370400440532013000"
    assert read_iban("AT61 1904 3002 3457 3201") == "AT611904300234573201"
    assert masked("DE89370400440532013000") == "DE•• •••• 3000"
    wrong = ("DE89370400440532013001", "DE8937040044053201300", "", "hello", "BE68539007547035", "DE89 3704 0044 Ö532")
    for text in wrong:
        with pytest.raises(InvalidInput) as refused:
            read_iban(text)
        assert refused.value.code == "sepa_iban"
    for text in ("GB29NWBK60161331926819", "CH9300762011623852957"):
        with pytest.raises(InvalidInput) as refused:
            read_iban(text)
        assert refused.value.code == "sepa_iban_country"
    assert read_bic("cobadeffxxx") == "COBADEFFXXX"
    with pytest.raises(InvalidInput):
        read_bic("COBA")


@given(st.integers(4, 21), st.sampled_from("0123456789"))
def test_a_wrong_digit_in_an_iban_is_found(place: int, digit: str) -> None:
    """Any one digit."""
    good = "DE89370400440532013000"
    bad = good[:place] + digit + good[place + 1 :]
    if bad != good:
        with pytest.raises(InvalidInput):
            read_iban(bad)


def test_creditor_identifiers() -> None:
    """Real forms of several countries; the business code does not count, everything else does."""
    good = ("DE98ZZZ09999999999", "DE98ABC09999999999", "AT61ZZZ01234567890", "FR72ZZZ123456", "NL08ZZZ502057730000")
    assert [one for one in good if not creditor_id_ok(one)] == []
    bad = ("DE99ZZZ09999999999", "DE98ZZZ09999999998", "de98ZZZ09999999999", "DE98 ZZZ 09999999999", "DE98", "")
    assert [one for one in bad if creditor_id_ok(one)] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"creditor_id": "DE99ZZZ09999999999"}, "creditor_id"),
        ({"creditor_iban": "DE89370400440532013001"}, "creditor_iban"),
        ({"creditor_bic": "X"}, "creditor_bic"),
        ({"creditor_name": "🚀"}, "creditor_name"),
        ({"message_prefix": "a b"}, "message_prefix"),
        ({"mandate_text": "I agree to {creditor} ({creditor_id})."}, "mandate_text"),
        ({"mandate_text": "{creditor} {creditor_id} {reference} {price}"}, "mandate_text"),
    ],
)
def test_settings_that_no_bank_would_take(changes: dict[str, str], field: str) -> None:
    """Refused when they are saved, by name."""
    values = {"creditor_name": "N", "creditor_id": "DE98ZZZ09999999999", "creditor_iban": "DE89370400440532013000"}
    with pytest.raises(ValueError, match=field):
        SepaSettings(**{**values, **changes})


@pytest.mark.parametrize("scheme", ["CORE", "B2B"])
@pytest.mark.parametrize("locale", ["de", "en", "fr", "es"])
def test_a_mandate_says_what_the_scheme_asks_for(scheme: str, locale: str) -> None:
    """Creditor, number, reference, in every language; eight weeks for everybody but businesses."""
    settings = SepaSettings(
        creditor_name="Nordstern", creditor_id="DE98ZZZ09999999999", creditor_iban="DE89370400440532013000",
        scheme=scheme, notice_days=3,  # type: ignore[arg-type]
    )  # fmt: skip
    said = mandate_wording(settings, "M-1", locale, single=False, consent="Auto top-up as agreed.")
    for part in ("Nordstern", "DE98ZZZ09999999999", "M-1", " 3 ", "Auto top-up as agreed."):
        assert part in said.text
    eight = {"de": "acht Wochen", "en": "eight weeks", "fr": "huit semaines", "es": "ocho semanas"}[locale]
    assert (eight in said.text) is (scheme == "CORE")
    assert "{" not in said.text
    assert said.version == f"2026-1/{scheme}/RCUR"
    assert mandate_wording(settings, "M-2", locale, single=False).digest != said.digest


def test_own_wording() -> None:
    """The tenant's text with the facts filled in, and a version of its own."""
    settings = SepaSettings(
        creditor_name="Nordstern", creditor_id="DE98ZZZ09999999999", creditor_iban="DE89370400440532013000",
        mandate_text="You, {creditor} ({creditor_id}), may.\n\nReference {reference}.",
    )  # fmt: skip
    said = mandate_wording(settings, "M-1", "de", single=True)
    assert said.paragraphs == ["You, Nordstern (DE98ZZZ09999999999), may.", "Reference M-1."]
    assert said.version.startswith("own-")


@given(st.from_regex(r"[A-Za-z0-9-]{0,10}", fullmatch=True), DAYS)
def test_mandate_numbers(prefix: str, day: date) -> None:
    """Drawn, short, without spaces, and not the same twice."""
    refs = {draw_ref(prefix, day) for _ in range(5)}
    assert len(refs) == 5
    assert all(MANDATE.fullmatch(ref) and len(ref) <= 27 for ref in refs)


def _mandate(**changes: object) -> Mandate:
    mandate = Mandate(
        id=new_id(), ref="M-1", customer="c", name="Anna", iban="DE89370400440532013000", bic="", scheme="CORE",
        single=False, text="", text_version="", locale="de", address="", signed_at=NOW, signed_on=NOW.date(),
        state="active",
    )  # fmt: skip
    return replace(mandate, **changes)  # type: ignore[arg-type]


def _debit() -> Debit:
    return Debit(
        id=new_id(), key="k", kind="checkout", amount=Money.of(50, "EUR"), description="", reference="T", customer="c",
        locale="de", state="open", created_at=NOW, expires_at=NOW + timedelta(hours=1),
    )  # fmt: skip


def test_a_mandate_dies_after_36_months_without_use() -> None:
    """Counted from the last use, or from the day it was given."""
    young = _mandate(signed_on=date(2024, 2, 29))
    assert young.ends_on == date(2027, 2, 28)
    assert young.state_on(date(2027, 2, 28)) == "active"
    assert young.state_on(date(2027, 3, 1)) == "expired"
    used = replace(young, last_used_on=date(2026, 12, 31))
    assert used.state_on(date(2027, 3, 1)) == "active"
    assert replace(used, state="revoked").state_on(date(2026, 1, 1)) == "revoked"
    assert young.method().expires == (2027, 2)


STEPS = ("due", "queue", "export", "export_credit", "undo", "settle", "AM04", "MD01", "cancel")
RANK = {"open": 0, "queued": 1, "exported": 2, "settled": 3, "returned": 4, "rejected": 4, "cancelled": 4, "expired": 4}


@given(st.lists(st.sampled_from(STEPS), max_size=12))
def test_collections_only_move_forward(steps: list[str]) -> None:
    """Whatever happens in whatever order: what is over stays, credit is never taken back by us, and a return after the
    credit is a dispute while one before it is a decline. Only a file that was never sent leads one step back."""
    debit, mandate, now = _debit(), _mandate(), NOW
    for step in steps:
        before = debit
        try:
            if step == "due":
                now += timedelta(minutes=45)
                debit = machine.due(debit, now)
            elif step == "queue":
                debit = machine.queued(debit, mandate, "RCUR", date(2026, 12, 7), now)
            elif step.startswith("export"):
                debit = replace(machine.exported(debit, now, credit=step != "export"), file_id=mandate.id)
            elif step == "undo":
                debit = machine.undone(debit)
            elif step == "settle":
                debit = machine.settled(debit, date(2026, 12, 7), now)
            elif step == "cancel":
                debit = machine.cancelled(debit, "cancelled", now)
            else:
                debit = machine.given_back(debit, step, now)
        except Conflict:
            assert debit is before
        if RANK[before.state] == 4:
            assert debit == before
        assert RANK[debit.state] >= RANK[before.state] or (step == "undo" and before.state == "exported")
        assert before.credited_at is None or debit.credited_at == before.credited_at
        assert (debit.state == "returned") <= (debit.credited_at is not None)
        assert (debit.state == "rejected") <= (debit.credited_at is None)
        said = machine.result(debit, mandate)
        assert (said.outcome is Outcome.SETTLED) == (debit.credited_at is not None)
        assert (said.outcome is Outcome.DECLINED) == (
            debit.state in ("rejected", "cancelled", "expired") and debit.credited_at is None
        )


def test_closing_reasons_are_terminal() -> None:
    """What ends a mandate is told as a decline that asking again cannot mend; no cover is not."""
    handed_in = replace(_debit(), state="exported", file_id=new_id(), mandate_id=new_id())
    for code in (*CLOSING, "AM04", "MS02", "ZZ99"):
        said = machine.result(machine.given_back(handed_in, code, NOW))
        assert (said.code, said.terminal) == (code, code in CLOSING)
    assert {"AC01", "AC04", "AM04", "MD01", "MD06", "MD07", "MS02", "MS03"} <= set(REASONS)
