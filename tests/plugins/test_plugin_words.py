"""What a plugin's manifest says of it stands on the staff's pages, so it is translated like every other text."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

PLUGINS = sorted(one.parent for one in (Path(__file__).parents[2] / "plugins").glob("*/askpro-plugin.toml"))
SPEAKING = [one for one in PLUGINS if (one / "locales").is_dir()]


@pytest.mark.parametrize("plugin", SPEAKING, ids=lambda plugin: plugin.name)
def test_title_and_summary_are_translated(plugin: Path) -> None:
    """Into each language that the plugin has a catalogue for; in none are they missing or empty."""
    manifest = tomllib.loads((plugin / "askpro-plugin.toml").read_text(encoding="utf-8"))
    words = [manifest[name] for name in ("title", "summary") if manifest.get(name)]
    missing = []
    for file in sorted(plugin.glob("locales/*/LC_MESSAGES/*.po")):
        with file.open("rb") as source:
            catalogue = read_po(source)
        missing += [(file.parts[-3], text) for text in words if not (found := catalogue.get(text)) or not found.string]

    assert len(words) == 2
    assert missing == []


def test_there_are_such_plugins() -> None:
    """The search above finds them."""
    assert {"askpro_sandbox", "askpro_stripe", "askpro_sepa", "askpro_banktransfer"} <= {one.name for one in SPEAKING}
