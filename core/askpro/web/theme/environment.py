"""Jinja environments: one for each theme, made when it is first used, never chosen by what it loads.

Jinja keeps compiled templates by loader and name. A loader that looked at the current tenant would therefore
serve one tenant's template to the next; here each theme has an overlay environment with a loader and a cache of
its own. The language is no property of an environment: filters ask the ``reader`` in the template's context.

A theme's template may replace one of the default theme and build on it (``{% extends "@base/overview.html" %}``).
The pages on which money is decided cannot be replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    pass_context,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from askpro import paths
from askpro.i18n import Reader
from askpro.web.theme import labels
from askpro.web.theme.assets import Assets
from askpro.web.theme.tokens import ThemeFile, read_theme

__all__ = ("BASE", "PROTECTED", "Theme", "Themes")

BASE = "default"
PROTECTED = frozenset(
    {
        "topup_review.html",
        "topup_done.html",
        "auto_topup_review.html",
        "payment_method_add.html",
        "staff/adjust_check.html",
        "staff/adjustment.html",
        "staff/promo_check.html",
        "staff/refund_check.html",
    }
)
"""Templates that only the default theme has a say in: what is paid is shown as we show it."""

_FIGURES = ("money", "balance", "exact", "symbol", "number", "percent", "day", "date", "time", "moment", "duration")


class Theme:
    """A theme ready for use: its tokens, its static files, its templates."""

    def __init__(self, file: ThemeFile, assets: Assets, environment: Environment) -> None:
        self.file = file
        self.assets = assets
        self.environment = environment

    def render(self, template: str, reader: Reader, **context: Any) -> str:
        """The page in the reader's language. Raises UndefinedError when the context lacks something."""
        return self.environment.get_template(template).render(reader=reader, **context)


class Themes:
    """The themes below a folder. Raises TemplateNotFound or FileNotFoundError for one that is not installed."""

    def __init__(self, root: Path | None = None, *, static_prefix: str = "/static/") -> None:
        self._root = root or paths.themes()
        self._prefix = static_prefix
        self._common = _environment()
        self._themes: dict[str, Theme] = {}

    def __getitem__(self, name: str) -> Theme:
        if name not in self._themes:
            self._themes[name] = self._make(name)
        return self._themes[name]

    def _make(self, name: str) -> Theme:
        chain = [self._folder(name)] if name == BASE else [self._folder(name), self._folder(BASE)]
        prefix = self._prefix if name == BASE else f"{self._prefix}{name}/"
        assets = Assets([folder / "static" for folder in chain], prefix)
        environment = self._common.overlay(loader=_loader([folder / "templates" for folder in chain]))
        # overlay() shares the globals with every other overlay: a theme needs its own
        environment.globals = {**self._common.globals, "static": assets.url}
        return Theme(read_theme(chain[0]), assets, environment)

    def _folder(self, name: str) -> Path:
        folder = self._root / name
        if not name.replace("-", "").isalnum() or not (folder / "theme.toml").is_file():
            raise FileNotFoundError(f"no theme {name!r} is installed")
        return folder


class _Unprotected(BaseLoader):
    """A theme's folder without the templates it may not replace."""

    def __init__(self, folder: Path) -> None:
        self._files = FileSystemLoader(folder)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        if template in PROTECTED:
            raise TemplateNotFound(template)
        return self._files.get_source(environment, template)


def _loader(folders: list[Path]) -> BaseLoader:
    base = FileSystemLoader(folders[-1])
    return ChoiceLoader([*map(_Unprotected, folders[:-1]), PrefixLoader({"@base": base}), base])


def _environment() -> Environment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    # the i18n extension adds this method at run time, so its type is known to nobody
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update({name: _figure(name) for name in _FIGURES}, translated=_translated)
    environment.globals.update(status=labels.status, kind_label=labels.kind)
    return environment


@pass_context
def _gettext(context: Context, message: str) -> str:
    text: str = context["reader"].gettext(message)
    return text


@pass_context
def _translated(context: Context, message: str) -> str:
    """The text of a message id that is not written in the template; unlike ``_`` it takes ``%`` as it is."""
    return _gettext(context, message)


@pass_context
def _ngettext(context: Context, one: str, many: str, n: int) -> str:
    text: str = context["reader"].ngettext(one, many, n)
    return text


def _figure(name: str) -> Callable[..., str]:
    """A filter that writes a value the way the page's reader reads it."""

    @pass_context
    def write(context: Context, value: Any, **options: Any) -> str:
        text: str = getattr(context["reader"], name)(value, **options)
        return text.replace(" ", "\N{NO-BREAK SPACE}")  # a figure is never torn apart at the end of a line

    return write
