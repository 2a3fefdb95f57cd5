"""Pointing at the line of a key."""

from __future__ import annotations

import tomllib

import pytest

from askpro.tenantfiles.lines import line_of, lines

TEXT = '''\
# a comment with [brackets] and = signs
name = "Nord # stern"   # not the end

[retail]
increments = "30/6"
"quoted key" = 'single'
outbound."+49" = "0.15"
text = """
[not.a.table]
key = 1
"""

[retail.items]
token = "1"

[[tax]]
rate = "0.19"
[[tax]]
rate = "0.20"
[tax.more]
deep = 1

[plans."a.b"]
tiers = [
  { from_seconds = 1, discount_percent = "5" },  # [ { "
  # between
  { from_seconds = 2, discount_percent = "6" },
]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("retail",), 4),
        (("retail", "increments"), 5),
        (("retail", "quoted key"), 6),
        (("retail", "outbound", "+49"), 7),
        (("retail", "text"), 8),
        (("retail", "items", "token"), 14),
        (("tax", 0, "rate"), 17),
        (("tax", 1, "rate"), 19),
        (("tax", 1, "more", "deep"), 21),
        (("plans", "a.b"), 23),
        (("plans", "a.b", "tiers", 0, "from_seconds"), 25),
        (("plans", "a.b", "tiers", 1), 27),
        (("plans", "a.b", "tiers", 1, "discount_percent"), 27),
    ],
)
def test_every_key_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    """Tables, quoted and dotted keys, arrays of tables, inline tables, and nothing inside texts or comments."""
    tomllib.loads(TEXT)

    assert lines(TEXT)[path] == line


def test_a_missing_key_points_at_its_table() -> None:
    """What should be there and is not is looked for where it belongs."""
    index = lines(TEXT)

    assert line_of(index, ("retail", "inbound")) == 4
    assert line_of(index, ("nothing", "at all")) == 1
    assert ("not", "a", "table") not in index


def test_every_value_is_found() -> None:
    """Whatever tomllib reads has a line."""

    def walk(value: object, path: tuple[str | int, ...]) -> None:
        if path and not isinstance(value, dict):
            assert path in index
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, part in parts:
            walk(part, (*path, key))

    index = lines(TEXT)
    walk(tomllib.loads(TEXT), ())
