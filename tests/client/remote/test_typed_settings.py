"""Texts of `--set` become the types that a server's schema has."""

from engine.client.remote.settings import typed

SCHEMA = {
    "$defs": {"Names": {"anyOf": [{"type": "string"}, {"type": "array"}]}},
    "properties": {
        "width": {"type": "integer"},
        "share": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "fast": {"type": "boolean"},
        "style": {"type": "string"},
        "backend": {"$ref": "#/$defs/Names"},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "mode": {"enum": ["1", "2"]},
    },
}


def test_a_text_has_the_type_of_its_setting() -> None:
    written = {
        "width": "64", "share": "0.5", "fast": "yes", "style": "12", "backend": "a,b",
        "sizes": "[1, 2]", "mode": "1", "unknown": "3",
    }  # fmt: skip
    assert typed(SCHEMA, written) == {
        "width": 64, "share": 0.5, "fast": True, "style": "12", "backend": "a,b",
        "sizes": [1, 2], "mode": "1", "unknown": "3",
    }  # fmt: skip


def test_what_fits_no_type_is_left_for_the_server_to_refuse() -> None:
    written = {"width": "wide", "share": "null", "fast": 1, "sizes": "1,2"}
    assert typed(SCHEMA, written) == {**written, "share": None}
