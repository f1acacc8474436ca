"""Choices in prompts: what they stand for, how many there are, and what is refused."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.grid.nodes import Node
from engine.intake.grid.template import BadTemplate, parse
from engine.intake.grid.wildcards import Wildcards

NONE = Wildcards(())


def variants(text: str, wildcards: Wildcards = NONE) -> list[str]:
    tree = parse(text, wildcards.options)
    return [tree.at(index) for index in range(tree.count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a plain prompt", ["a plain prompt"]),
        ("a {red|blue} fox", ["a red fox", "a blue fox"]),
        ("{a|b}{c|d}", ["ac", "ad", "bc", "bd"]),
        ("{a|{b|c}}", ["a", "b", "c"]),
        ("{a|b {c|d}}", ["a", "b c", "b d"]),
        ("{a|}", ["a", ""]),
        ("{2$$a|b|c}", ["a, b", "a, c", "b, c"]),
        ("{1-2$$ and $$a|b}", ["a", "b", "a and b"]),
        ("{-1$$a|b}", ["a", "b"]),
        ("{2-$$a|b}", ["a, b"]),
        ("{2$$a|{b|c}}", ["a, b", "a, c"]),
        ("{0.3::red|7::blue}", ["red", "blue"]),
        (r"\{a|b\} \__x__ \$ \\", ["{a|b} __x__ $ \\"]),
        ("a | b } c", ["a | b } c"]),
        ("snake_case and __ alone", ["snake_case and __ alone"]),
        ("{é|日本}", ["é", "日本"]),
    ],
)
def test_a_text_has_these_variants(text: str, expected: list[str]) -> None:
    assert variants(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a {red|blue", "has a { without its }"),
        ("{" * 40 + "a" + "}" * 40, "more than 32 choices inside each other"),
        ("{a|b}" * 501, "more than 500 choices"),
        ("{4$$a|b}", "asks for 4 of 2 options"),
        ("{3-1$$a|b|c}", "asks for 3 to 1 of 3 options"),
        ("${x=red}", "has a variable"),
        ("{9999$$" + "|".join("a" * 10_000) + "}", "which are too many"),
        ("__colours__", "no folder is named"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadTemplate, match=message.replace("{", r"\{").replace("}", r"\}")):
        parse(text, NONE.options)


def test_a_great_number_of_variants_is_counted_and_each_can_be_had() -> None:
    tree: Node = parse("{a|b}" * 400, NONE.options)
    assert tree.count == 2**400
    assert tree.at(2**400 - 1) == "b" * 400


@given(st.integers(1, 7), st.data())
def test_several_are_all_sets_in_their_order(count: int, data: st.DataObject) -> None:
    least = data.draw(st.integers(0, count))
    most = data.draw(st.integers(least, count))
    letters = "abcdefg"[:count]
    sets = [c for n in range(least, most + 1) for c in combinations(letters, n)]
    assert variants(f"{{{least}-{most}$$+$${'|'.join(letters)}}}") == ["+".join(c) for c in sets]


@given(st.text(alphabet="ab{}|$_\\2-: ", max_size=30))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        tree = parse(text, NONE.options)
    except BadTemplate:
        return
    assert tree.count >= 1
    assert isinstance(tree.at(tree.count - 1), str)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wildcards"
    (folder / "animals").mkdir(parents=True)
    (folder / "colours.txt").write_text("# of the sea\nred\n\n {dark|light} blue \n")
    (folder / "animals/birds.txt").write_text("owl\nthe __colours__ tit\n")
    (folder / "loop.txt").write_text("a __loop__\n")
    (folder / "empty.txt").write_text("# nothing\n")
    (folder / "binary.txt").write_bytes(b"\xff\xfe\x00a")
    (tmp_path / "secret.txt").write_text("secret\n")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "linked").symlink_to(tmp_path)
    return folder


def test_wildcards_are_the_lines_of_a_file(folder: Path) -> None:
    files = Wildcards([folder])
    assert variants("a __colours__ fox", files) == [
        "a red fox",
        "a dark blue fox",
        "a light blue fox",
    ]
    assert variants("__animals/birds__", files)[1] == "the red tit"
    assert variants("{2$$__colours__}", files) == ["red, dark blue", "red, light blue"]


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/passwd",
        "animals/../../secret",
        "link",
        "linked/secret",
        "empty",
        "binary",
        "loop",
        "absent",
        "a" * 119,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
        "C:\\secret",
        "colours.txt",
    ],
)
def test_a_wildcard_outside_the_folders_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(BadTemplate) as refusal:
        variants(f"__{name}__", Wildcards([folder]))
    assert "secret\n" not in str(refusal.value)
