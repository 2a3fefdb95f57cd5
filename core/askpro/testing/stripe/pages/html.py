"""The frame of all pages, and their parts. Plain forms, no script: they work in any browser and any test."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

__all__ = ("Page", "button", "framed", "go", "gone", "note", "option")

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#1a1f36}"
    "h1{font-size:1.3rem}form{margin:.75rem 0;padding:0}fieldset{border:1px solid #c9d0e0;border-radius:6px}"
    "button,a.button{font:inherit;padding:.4rem .9rem;margin:.2rem .2rem .2rem 0;border:1px solid #635bff;"
    "border-radius:6px;background:#fff;color:#312ecb;cursor:pointer;text-decoration:none;display:inline-block}"
    "button.main{background:#4a44d4;color:#fff}label{display:block;padding:.15rem 0}table{width:100%}"
    "td,th{text-align:left;padding:.2rem .5rem .2rem 0;vertical-align:top}td+td{white-space:nowrap;text-align:right}"
    ".error{border:1px solid #b3093c;background:#fff0f3;padding:.5rem .8rem;border-radius:6px}"
    ".test{background:#fff4d6;border:1px solid #d9a400;border-radius:4px;padding:.1rem .5rem;font-size:.85rem}"
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser gets; ``location`` sends it elsewhere."""

    html: str
    status: int = 200
    location: str = ""


def framed(title: str, body: str, *, livemode: bool = False, status: int = 200) -> Page:
    """A page. ``body`` is HTML, ``title`` is text."""
    mode = "Live mode" if livemode else "Test mode"
    return Page(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f'<body><header><span class="test">Stripe stand-in · {mode}</span></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main>"
        "</body></html>",
        status,
    )


def go(url: str) -> Page:
    """Send the browser there."""
    return Page("", 303, url)


def gone(text: str = "There is nothing here.") -> Page:
    """Nothing to be seen."""
    return framed("Not found", f"<p>{escape(text)}</p>", status=404)


def note(text: str | None) -> str:
    """An error, where there is one."""
    return f'<p class="error" role="alert">{escape(text)}</p>' if text else ""


def button(text: str, name: str, value: str, *, main: bool = False) -> str:
    """A button that sends its form with one more value."""
    kind = ' class="main"' if main else ""
    return f'<button{kind} name="{escape(name)}" value="{escape(value)}">{escape(text)}</button>'


def option(text: str, name: str, value: str, *, chosen: bool = False) -> str:
    """One of several, to choose."""
    mark = " checked" if chosen else ""
    return f'<label><input type="radio" name="{escape(name)}" value="{escape(value)}"{mark}> {escape(text)}</label>'
