"""Themes: what a tenant may choose, what its style sheet holds, and that no theme is served to another."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from askpro import paths
from askpro.errors import InvalidInput
from askpro.i18n import Reader
from askpro.money import Money
from askpro.web.portal.views import Brand, ErrorPage, Site
from askpro.web.theme import labels
from askpro.web.theme.css import sheet_path, tenant_css
from askpro.web.theme.environment import PROTECTED, Themes
from askpro.web.theme.tokens import read_theme, validated

TEMPLATES = sorted((paths.themes() / "default" / "templates").glob("*.html"))
DEFAULT = read_theme(paths.themes() / "default")
BERLIN = Reader("de", "Europe/Berlin")
LONDON = Reader("en", "Europe/London")
SITE = Site(Brand("Nordstern", "/theme/nordstern.css"))
MISSING = ErrorPage(404, "This does not exist.")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the default theme and two others that each change the error page."""
    copytree(paths.themes() / "default", tmp_path / "default", ignore=lambda *_: {"vendor"})
    sprite = tmp_path / "default/static/vendor/icons/sprite.svg"
    sprite.parent.mkdir(parents=True)
    sprite.write_text("<svg/>", encoding="utf-8")
    for name in ("red", "blue"):
        (tmp_path / name / "templates").mkdir(parents=True)
        (tmp_path / name / "static").mkdir()
        (tmp_path / name / "theme.toml").write_bytes((tmp_path / "default/theme.toml").read_bytes())
        page = '{% extends "@base/error.html" %}{% block title %}' + name + ": {{ super() }}{% endblock %}"
        (tmp_path / name / "templates/error.html").write_text(page, encoding="utf-8")
        (tmp_path / name / "templates/topup_review.html").write_text("{{ 'mine' }}", encoding="utf-8")
    return tmp_path


def test_no_theme_is_served_to_another(root: Path) -> None:
    """Rendered in turn, each theme has its own page under the same name, built on the default's."""
    themes = Themes(root)
    titles = [
        re.search("<title>(.*?)</title>", themes[name].render("error.html", LONDON, site=SITE, page=MISSING))
        for name in ("red", "blue", "red", "default", "blue")
    ]

    assert [" ".join(found.group(1).split()[:2]) for found in titles if found] == [
        "red: This",
        "blue: This",
        "red: This",
        "This does",
        "blue: This",
    ]


def test_money_pages_are_not_replaced(root: Path) -> None:
    """A theme's own version of a page on which money is decided is passed over."""
    template = Themes(root)["red"].environment.get_template("topup_review.html")

    assert {"topup_review.html", "topup_done.html", "auto_topup_review.html"} <= PROTECTED
    assert template.filename is not None
    assert "default" in Path(template.filename).parts


def test_static_files_of_a_theme_are_its_own(root: Path) -> None:
    """Each theme asks for static files under its own address, the default theme's among them."""
    themes = Themes(root)

    assert themes["default"].assets.url("askpro.css").startswith("/static/askpro.")
    assert themes["red"].assets.url("askpro.css").startswith("/static/red/askpro.")
    assert '"/static/red/askpro.' in themes["red"].render("error.html", BERLIN, site=SITE, page=MISSING)


@pytest.mark.parametrize("name", ["green", "../default", "", "default/templates"])
def test_an_unknown_theme_is_refused(root: Path, name: str) -> None:
    """Only installed themes are had, and a name is no path."""
    with pytest.raises(FileNotFoundError):
        Themes(root)[name]


def test_templates_are_strict_escaped_and_caged(root: Path) -> None:
    """Text is escaped, a missing value fails the page, and the interpreter is out of reach."""
    theme = Themes(root)["default"]
    assert isinstance(theme.environment, ImmutableSandboxedEnvironment)
    evil = ErrorPage(404, "<b>&%", reference="<script>")

    assert "&lt;b&gt;&amp;%" in theme.render("error.html", BERLIN, site=SITE, page=evil)
    with pytest.raises(UndefinedError):
        theme.render("error.html", BERLIN, site=SITE)
    with pytest.raises(SecurityError):
        theme.environment.from_string("{{ ''.__class__.__mro__ }}").render(reader=BERLIN)


def test_figures_are_not_torn_apart(root: Path) -> None:
    """Amounts and instants have no place at which a line could end within them."""
    theme = Themes(root)["default"]
    shown = theme.environment.from_string("{{ at|moment }}|{{ at|date }}|{{ amount|money }}").render(
        reader=BERLIN, at=datetime(2026, 11, 21, 8, 14, tzinfo=UTC), amount=Money.of("1234.5", "EUR")
    )

    assert " " not in shown
    assert "\N{NO-BREAK SPACE}" in shown


def test_one_environment_speaks_every_language(root: Path) -> None:
    """The language is the reader's, not the environment's: nothing of it stays behind."""
    theme = Themes(root)["default"]
    pages = [theme.render("error.html", reader, site=SITE, page=MISSING) for reader in (BERLIN, LONDON, BERLIN)]

    assert ["Das gibt es nicht." in page for page in pages] == [True, False, True]
    assert ['<html lang="de"' in page for page in pages] == [True, False, True]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_keep_the_content_policy(template: Path) -> None:
    """No script, no style and no handler stands in a page: the policy would block it."""
    source = template.read_text(encoding="utf-8")

    assert not re.search(r"<script|<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", source, re.IGNORECASE)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_posts_carries_the_token(template: Path) -> None:
    """A POST form holds the CSRF field; the page of components posts nowhere."""
    source = template.read_text(encoding="utf-8")
    forms = re.findall(r"<form[^>]*method=\"post\"[^>]*action=\"(?!#)[^>]*>(.*?)</form>", source, re.DOTALL)

    assert all("ui.csrf()" in form for form in forms)
    assert len(forms) == len(re.findall(r'method="post" action="(?!#)', source))


def test_the_style_sheet_holds_what_was_chosen() -> None:
    """Colours for light and dark, the font with its files, the corners."""
    css = tenant_css(
        validated(DEFAULT, brand="#F26B1D", font="figtree", radius=14), DEFAULT, lambda name: f"/static/{name}"
    )

    assert "--accent: light-dark(#f26b1d, #f26b1d);" in css
    assert '--font: "Figtree", system-ui, sans-serif;' in css
    assert "--radius: 14px;" in css
    assert css.count("@font-face") == 2
    assert 'url("/static/vendor/figtree/figtree-latin.woff2")' in css
    assert css.count("{") == css.count("}")


def test_a_font_of_the_system_needs_no_file() -> None:
    """Its name is a keyword and loses its meaning in quotes."""
    css = tenant_css(validated(DEFAULT, font="system"), DEFAULT, str)

    assert "--font: system-ui, sans-serif;" in css
    assert "@font-face" not in css


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("brand", "#fff;}body{display:none"),
        ("brand", "red"),
        ("brand", "#12345\n"),
        ("font", 'Inter"; } body { background: url(//x)'),
        ("font", "comic"),
        ("radius", 99),
        ("radius", -1),
        ("radius", "10px"),
        ("radius", True),
    ],
)
def test_nothing_else_gets_into_a_style_sheet(field: str, value: object) -> None:
    """A value that is no colour, font or radius is refused, naming the field."""
    with pytest.raises(InvalidInput) as refused:
        validated(DEFAULT, **{field: value})  # type: ignore[arg-type]  # wrong on purpose

    assert refused.value.field == field


def test_a_theme_file_is_checked(tmp_path: Path) -> None:
    """A theme whose font would break out of the style sheet is not loaded."""
    text = (paths.themes() / "default/theme.toml").read_text(encoding="utf-8")
    (tmp_path / "theme.toml").write_text(text.replace('"Figtree"', "'Fig\"; }'"), encoding="utf-8")

    with pytest.raises(InvalidInput, match="figtree"):
        read_theme(tmp_path)


def test_the_address_follows_the_look() -> None:
    """The same sheet has the same address, another one another; a slug is a slug."""
    assert sheet_path("falke", "a") == sheet_path("falke", "a") != sheet_path("falke", "b")
    assert re.fullmatch(r"/theme/falke\.[0-9a-f]{12}\.css", sheet_path("falke", "a"))
    with pytest.raises(ValueError, match="slug"):
        sheet_path("../falke", "a")


def test_unnamed_states_and_kinds_are_still_shown() -> None:
    """What a plugin invents has a badge in the neutral look and a readable name."""
    assert labels.status("awaiting_bank") == labels.Badge("neutral", "Awaiting bank")
    assert labels.kind("roaming_pack") == "Roaming pack"
    assert labels.status("booked").quiet
