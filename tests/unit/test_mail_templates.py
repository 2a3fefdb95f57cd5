"""Every mail in every language and two brands: text and HTML say the same, and nothing in it comes from elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from askpro import paths
from askpro.i18n import reader
from askpro.messages import links
from askpro.messages.kinds import KINDS, OPTIONAL
from askpro.messages.look import look_of
from askpro.messages.model import Rendered
from askpro.messages.reasons import PAUSED, paused
from askpro.messages.render import render
from askpro.messages.values import one_line, pack, unpack
from askpro.money import Money
from askpro.palette import PAIRS, contrast
from support.mail_samples import HOUSES, NAME, SETTINGS, samples

LANGUAGES = ("de", "en", "fr", "es")
FOLDER = paths.themes() / "default" / "mail"
_AMOUNT = re.compile(r"[+−]?[£€]?[+−]?\d[\d.,\s]*\d(?:\s?[€£])?")


@pytest.fixture(autouse=True)
def connected() -> Iterator[None]:
    """Mails know where the portal is."""
    links.connect(SETTINGS)
    yield
    links.disconnect()


class Reading(HTMLParser):
    """What is seen of a mail: words, links, and everything that could make a program fetch something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.tags: Counter[str] = Counter()
        self._hidden = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        if tag == "a":
            self.links.append(given["href"])
        if tag in ("script", "iframe", "img", "object", "embed", "link", "form", "video", "base"):
            self.fetched.append(tag)
        self.fetched += [name for name in given if name in ("src", "background", "srcset") or name.startswith("on")]
        self.fetched += [value for value in given.values() if "url(" in value]
        if tag in ("style", "title", "h1") or given.get("class") == "pre" or given.get("aria-hidden"):
            self._hidden = True  # the heading is the text's subject, in fewer words

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "title", "h1", "div", "td"):
            self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return _plain(" ".join(self.words))


def _plain(text: str) -> str:
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ").split())


def _rendered(slug: str, language: str) -> Iterator[tuple[str, dict[str, Any], Rendered]]:
    house = HOUSES[slug]
    for name, sets in samples(house.currency).items():
        for values in sets:
            given = unpack(pack(values))
            yield name, given, render(house, name, reader(language, house.timezone), NAME, given)


def test_every_mail_has_a_sample() -> None:
    """Nothing below leaves one out, and each has its two files."""
    assert samples("EUR").keys() == KINDS.keys()
    files = {one.name for one in FOLDER.iterdir()}
    wanted = {f"{what.file}.{ending}" for what in KINDS.values() for ending in ("html", "txt")}
    assert files == wanted | {"base.html", "base.txt", "parts.html", "parts.txt"}
    assert {what.optional for what in KINDS.values()} - {""} == OPTIONAL.keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", HOUSES)
def test_text_and_html_say_the_same(slug: str, language: str) -> None:
    """Each link, each amount and each line of one is in the other."""
    for name, _, mail in _rendered(slug, language):
        seen = Reading(mail.html)
        text = _plain(re.sub(r"https?://\S+", "", mail.text))
        assert set(re.findall(r"https?://\S+", mail.text)) == set(seen.links), name
        assert sorted(set(_AMOUNT.findall(text))) == sorted(set(_AMOUNT.findall(seen.text))), name
        body = [line for line in mail.text.replace("\n-- \n", "\n").splitlines() if line and "://" not in line]
        for line in body:
            for part in _plain(line).split(": "):
                assert part.rstrip(":") in seen.text, f"{name}: {line!r} is in the text only"
        own = {reader(language, "UTC").gettext("Notifications"), "·"}
        for chunk in map(_plain, seen.words):
            assert chunk in text or chunk in own, f"{name}: {chunk!r} is in the HTML only"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", HOUSES)
def test_nothing_is_fetched_and_nothing_slips_through(slug: str, language: str) -> None:
    """No picture, script or style from anywhere; names and reasons are text in the HTML; no placeholder is left."""
    for name, _, mail in _rendered(slug, language):
        seen = Reading(mail.html)
        assert seen.fetched == [], name
        assert "@import" not in mail.html
        assert "url(" not in mail.html
        assert seen.tags["b"] == seen.tags["büro"] == 0, name
        for text in (mail.subject, mail.text, mail.html):
            assert not re.search(r"%\(|\{\{|\{%|None|Undefined", text), name
        assert "\n" not in mail.subject
        assert 5 <= len(mail.subject) <= 200
        assert "&lt;" not in mail.text
        assert "&amp;" not in mail.text
        assert len(mail.html) < 16_000  # beyond a hundred kilobytes mail programs cut off; this is far below


@pytest.mark.parametrize("slug", HOUSES)
def test_the_house_is_named_with_all_that_it_must_say(slug: str) -> None:
    """Name, particulars, contact and legal links stand in both parts; only optional mails speak of switching off."""
    house = HOUSES[slug]
    for name, _, mail in _rendered(slug, house.locale):
        for part in (_plain(mail.text), Reading(mail.html).text):
            assert house.name in part
            assert house.settings.contact.imprint in part
            assert house.settings.contact.email in part
            assert all(link.label in part for link in house.brand.legal)
        offers = links.room(house, "notifications") in mail.text
        assert offers is bool(KINDS[name].optional), name


@pytest.mark.parametrize("slug", HOUSES)
def test_what_is_written_can_be_read(slug: str) -> None:
    """The pairs of colours a mail uses are among those the palette vouches for; and so they contrast."""
    used = {
        ("ink", "page"), ("ink", "card"), ("muted", "page"), ("muted", "card"), ("on-accent", "accent"),
    }  # fmt: skip
    needed = {(over, under): ratio for over, under, ratio in PAIRS}
    palette = look_of(HOUSES[slug]).palette
    for pair in used:
        for colours in (palette.light, palette.dark):
            assert contrast(colours[pair[0]], colours[pair[1]]) >= needed[pair]
    mail = next(mail for name, _, mail in _rendered(slug, "en") if name == "topup.settled")
    tokens = ["page", "card", "ink", "muted", "hairline", "accent", "on-accent"]
    hexes = {palette.light[name] for name in tokens} | {palette.dark[name] for name in tokens}
    assert set(re.findall(r"#[0-9a-f]{6}", mail.html)) <= hexes
    assert palette.dark["card"] in mail.html.partition("<body")[0]
    assert palette.light["card"] in mail.html.partition("<body")[2]


def test_money_is_rounded_the_careful_way() -> None:
    """A balance of 4.999999 is not called 5.00 (D0)."""
    text = next(m.text for name, _, m in _rendered("falke", "en") if name == "wallet.low")

    assert "£4.99" in text


def test_a_refund_is_never_called_a_credit_note() -> None:
    """In German a *Gutschrift* is a tax document; no mail says so of money that goes back."""
    for _, _, mail in _rendered("nordstern", "de"):
        assert "gutschrift" not in (mail.subject + mail.text).lower()


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    """A mail without its amount is not sent."""
    values = samples("EUR")["topup.settled"][0]
    del values["gross"]

    with pytest.raises(UndefinedError):
        render(HOUSES["nordstern"], "topup.settled", reader("de", "UTC"), NAME, values)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://a@bank.example/", 'https://x/" onclick=', "bank", ""]
)
def test_only_web_addresses_become_links(url: str) -> None:
    """What a provider hands over as an address is looked at before anybody is asked to press it."""
    with pytest.raises(ValueError, match="no address"):
        render(
            HOUSES["nordstern"], "autotopup.confirm", reader("de", "UTC"), NAME,
            {"url": url, "gross": None, "reference": None},
        )  # fmt: skip


def test_links_lead_to_the_tenants_own_host() -> None:
    """HTTPS and the tenant's domain in production, name and port on a laptop; unconnected it is an error."""
    house = HOUSES["falke"]
    assert links.room(house, "order", 7) == "http://falke.askpro.localhost:8000/topup/7"
    links.disconnect()
    with pytest.raises(RuntimeError):
        links.origin(house)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nBcc: x@y", "a Bcc: x@y"),
        ("a\u2028b\0c\td", "a b c d"),
        ("moc\u202eexe.pdf\u202c", "mocexe.pdf"),
        ("  many   blanks ", "many blanks"),
        ("Jürgen Groß", "Jürgen Groß"),
        ("x" * 30, "xxxxxxxxx…"),
    ],
)
def test_a_line_is_a_line(text: str, shown: str) -> None:
    """Breaks, controls and direction marks are gone; what is too long ends in an ellipsis."""
    assert one_line(text, 10 if len(text) == 30 else 100) == shown


def test_values_survive_being_stored() -> None:
    """Money and dates come back as they were; what no mail can hold is refused at once."""
    for sets in samples("EUR").values():
        for values in sets:
            back = unpack(pack(values))
            assert {n: v for n, v in back.items() if isinstance(v, Money)} == {
                n: v for n, v in values.items() if isinstance(v, Money)
            }
            assert pack(back) == pack(values)
    with pytest.raises(TypeError):
        pack({"x": 1.5})


def test_every_reason_has_words() -> None:
    """A reason nobody named is told as a declined payment, never as a code."""
    assert paused("whatever") == PAUSED["declined"]
    assert all(text.endswith(".") for text in PAUSED.values())
