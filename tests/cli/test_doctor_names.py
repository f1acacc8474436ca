"""The doctor's check of top-level names."""

from pathlib import Path

import pytest

from engine.cli.checks import check_names


def test_names_of_our_own_are_fine():
    assert list(check_names()) == []


@pytest.mark.parametrize("name", ["tui", "db"])
def test_a_neighbour_with_one_of_our_names_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    info = tmp_path / "neighbour-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: neighbour\nVersion: 1.0\n")
    (info / "top_level.txt").write_text(f"{name}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (finding,) = check_names()
    assert not finding.ok
    assert finding.found == f"'{name}' is also provided by the package neighbour"
    assert "pipx" in finding.remedy
