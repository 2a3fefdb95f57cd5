"""A mail's templates become subject, text and HTML, in the recipient's language and the tenant's look.

The text is written by hand beside the HTML, and says the same: its first line is the subject. Styles end up in the
tags, where mail programs keep them; what goes by the reader's dark mode stays in the head. Nothing is fetched from
anywhere, neither here nor by whoever reads the mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from css_inline import CSSInliner
from jinja2 import FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from askpro import paths
from askpro.i18n import Reader
from askpro.messages import links
from askpro.messages.kinds import kind
from askpro.messages.look import look_of
from askpro.messages.model import Rendered
from askpro.messages.reasons import paused, resumes
from askpro.messages.values import one_line
from askpro.payments.payout_words import why
from askpro.tenancy.model import Tenant

__all__ = ("render",)

_FIGURES = ("money", "balance", "date", "moment")
_INLINER = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


def render(tenant: Tenant, template: str, reader: Reader, name: str, values: Mapping[str, Any]) -> Rendered:
    """The mail for a recipient called ``name`` (may be empty).

    Raises ValueError for a mail that there is not, UndefinedError when ``values`` lack something, RuntimeError when
    messages are not connected (``links.connect``).
    """
    what = kind(template)
    context = {
        **values,
        "reader": reader,
        "look": look_of(tenant),
        "kind": template,
        "optional": bool(what.optional),
        "recipient": one_line(name),
        "house": one_line(tenant.name),
        "link": lambda room, of="": links.room(tenant, room, of),
    }
    written = _environment().get_template(f"{what.file}.txt").render(context)
    subject, _, text = written.partition("\n")
    subject = one_line(subject, 200)
    html = _environment().get_template(f"{what.file}.html").render({**context, "subject": subject})
    return Rendered(subject, re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", _INLINER.inline(html))


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(paths.themes() / "default" / "mail"),
        autoescape=lambda name: name is None or not name.endswith(".txt"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    # the i18n extension adds this method at run time, so its type is known to nobody
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update({name: _figure(name) for name in _FIGURES}, checked=_checked)
    environment.globals.update(paused=paused, resumes=resumes, why_not_paid_out=why)
    return environment


@pass_context
def _gettext(context: Context, message: str) -> str:
    text: str = context["reader"].gettext(message)
    return text


@pass_context
def _ngettext(context: Context, one: str, many: str, n: int) -> str:
    text: str = context["reader"].ngettext(one, many, n)
    return text


def _checked(url: str) -> str:
    """An address from outside, if a mail may link there. Raises ValueError."""
    if not links.is_link(url):
        raise ValueError("this is no address that a mail may link to")
    return url


def _figure(name: str) -> Callable[..., str]:
    """A filter that writes a value the way the recipient reads it."""

    @pass_context
    def write(context: Context, value: Any, **options: Any) -> str:
        text: str = getattr(context["reader"], name)(value, **options)
        return text

    return write
