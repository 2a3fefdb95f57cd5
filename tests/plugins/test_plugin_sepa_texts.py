"""Every text of direct debit stands in each catalogue of the plugin, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import askpro_sepa
from askpro.sdk import parse_manifest
from askpro.sdk.settings import setting_fields
from askpro_sepa.settings import SepaSettings

FOLDER = Path(askpro_sepa.__file__).parent


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
def test_every_text_is_translated(language: str) -> None:
    """Pages, reasons, findings and settings."""
    options = {"**.html": {"trimmed": "true", "silent": "false"}}
    methods = [("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")]
    found = extract_from_dir(FOLDER, methods, options, keywords={"gettext": None, "N_": None, "t": None, "say": None})
    wanted = {message for _, _, message, _, _ in found if isinstance(message, str)}
    for item in setting_fields(SepaSettings):
        wanted |= {text for text in (item.title, item.help, *item.choices.values()) if text}
    with (FOLDER / "locales" / language / "LC_MESSAGES" / "sepa.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    manifest = parse_manifest((FOLDER / "askpro-plugin.toml").read_text())
    assert len(wanted) > 150
    assert {text for text in wanted if not (entry := catalogue.get(text)) or not entry.string} == set()
    assert {str(entry.id) for entry in catalogue if entry.id} - wanted - {manifest.title, manifest.summary} == set()
