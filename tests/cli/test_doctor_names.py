"""The doctor's check of top-level names."""

from pathlib import Path

import pytest

from engine.client.doctor.installation import check_names


def test_names_of_our_own_are_fine():
    assert list(check_names()) == []


@pytest.mark.parametrize("name", ["tui", "db"])
@pytest.mark.parametrize(
    ("file", "content"),
    [("top_level.txt", "{}\n"), ("RECORD", "{}/__init__.py,,\n"), ("RECORD", "{}.py,,\n")],
)
def test_a_neighbour_with_one_of_our_names_is_named(
    name: str, file: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    info = tmp_path / "neighbour-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: neighbour\nVersion: 1.0\n")
    (info / file).write_text(content.format(name))
    monkeypatch.syspath_prepend(str(tmp_path))
    (finding,) = check_names()
    assert not finding.ok
    assert finding.found == f"'{name}' is also provided by the package neighbour"
    assert "pipx" in finding.remedy


def test_a_neighbour_whose_files_cannot_be_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    info = tmp_path / "neighbour-1.0.dist-info"
    info.mkdir()
    (info / "top_level.txt").write_bytes(b"db\n\xff")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert list(check_names()) == []
