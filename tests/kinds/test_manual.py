"""The page about kinds: its example works, and its table names every kind."""

import re
from pathlib import Path

from engine.contract.kinds import Item, Kind, Lines, Size, Span
from engine.kinds.registry import content_of, kinds

PAGE = (Path(__file__).parents[2] / "docs/extending/kinds.md").read_text("utf-8")


def test_the_example_is_a_kind() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    found: dict[str, object] = {}
    exec(next(block for block in blocks if "class Deck" in block), found)
    deck = found["DECK"]
    assert isinstance(deck, Kind)
    content = content_of(b"DECK SA HK")
    recognised = deck.recognise(content)
    assert recognised is not None
    item = Item(
        "deck", recognised.media_type, content.size, None, None, recognised.facts, content.open
    )
    assert deck.facts(item) == [("cards", "2")]
    assert deck.full(item, Size(9, 9)) == Lines(((Span("SA", "strong"),), (Span("HK", "strong"),)))


def test_the_table_names_every_kind() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert set(kinds().named) <= named
