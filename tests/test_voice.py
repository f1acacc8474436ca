"""The lint for prose: habits are found in docstrings, messages, names and pages, and only fall."""

from pathlib import Path

from lint.voice import Finding, count, findings, in_code, in_page, main, risen, room_of, to_text

MODULE = '''"""Which things there are."""

LIMIT = 3
"""How many there may be."""


def first() -> str:
    """Return what was told; it is made anew."""
    return f"{LIMIT} are made, and no more."


def second() -> str:
    """Whatever comes.

    What follows counts only in the first line.
    """
    return {"made": "told"}["made"]
'''


def habits(source: str, path: str) -> list[tuple[str, int]]:
    return sorted((f.habit, f.line) for f in in_code(source, Path(path)))


def test_docstrings_of_modules_attributes_and_functions_are_read_and_so_are_messages():
    words = [("words", 8), ("words", 8), ("words", 8), ("words", 9)]
    assert habits(MODULE, "engine/client/x.py") == [
        ("openings", 1),
        ("openings", 4),
        *words,
    ]


NAMES = """
class Row:
    found: str

def first(given, *, key=None):
    said = made = given
    return said.own, made

for told in ():
    pass
"""


def test_names_are_found_where_they_are_bound_but_not_in_fields_and_tests():
    names = ["given", "made", "said", "told"]
    assert sorted(f.text for f in in_code(NAMES, Path("engine/x.py"))) == names
    assert habits(NAMES, "tests/test_x.py") == []


def test_strings_of_tests_are_data():
    assert ("words", 9) not in habits(MODULE, "tests/test_x.py")
    assert ("words", 8) in habits(MODULE, "tests/test_x.py")


def test_pages_are_read_line_by_line():
    found = list(in_page("# A page\n\nThe run goes on.\nFor want of a key.\n", Path("docs/a.md")))
    assert [(f.line, f.text) for f in found] == [(3, "The run goes on."), (4, "For want of a key.")]


def test_rooms_are_packages_of_the_engine_and_top_level_folders():
    for path, room in {
        "engine/runtime/step/call.py": "engine/runtime",
        "engine/__init__.py": "engine",
        "tui/widgets/rows.py": "tui",
        "README.md": ".",
    }.items():
        assert room_of(Path(path)) == room


def finding(room: str, habit: str = "words") -> Finding:
    return Finding(room, habit, f"{room}/x.py", 1, "It is made.")


def test_only_a_rise_fails():
    kept = count([finding("db"), finding("db"), finding("tui")])
    assert risen(count([finding("db"), finding("tui")]), kept) == []
    assert risen(count([finding("tui"), finding("tui")]), kept) == [("tui", "words", 1, 2)]
    assert risen(count([finding("docs")]), kept) == [("docs", "words", 0, 1)]


def test_each_room_has_a_line_of_its_own():
    assert to_text(count([finding("db"), finding("tui", "openings")])).splitlines() == [
        "{",
        '  "db": {"words": 1},',
        '  "tui": {"openings": 1}',
        "}",
    ]


def write(root: Path, text: str) -> None:
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs" / "page.md").write_text(text)


def test_counts_are_lowered_and_never_raised(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr("lint.voice.ROOT", tmp_path)
    monkeypatch.setattr("lint.voice.COUNTS", tmp_path / "counts.json")
    write(tmp_path, "It is made.\nIt was told.\n")
    assert len(findings(tmp_path)) == 2
    assert main(["--update"]) == 0
    assert main([]) == 0
    write(tmp_path, "It is made.\nIt was told.\nIt goes on.\n")
    assert main([]) == 1
    assert "docs: words rose from 2 to 3" in capsys.readouterr().out
    assert main(["--update"]) == 1
    write(tmp_path, "It is built.\nIt was told.\n")
    assert main(["--update"]) == 0
    assert (tmp_path / "counts.json").read_text() == '{\n  "docs": {"words": 1}\n}\n'


def test_installed_packages_are_not_read(tmp_path: Path):
    """The peers of the bench are installed into a hidden folder below it."""
    for name in ("bench/.venv/lib/peer.py", "bench/ours.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(MODULE)
    assert {finding.path for finding in findings(tmp_path)} == {"bench/ours.py"}
