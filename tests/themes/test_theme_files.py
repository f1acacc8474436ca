"""Theme files: ours load, users' own are read, and a wrong one is refused in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from themes import MAX_BYTES, ThemeError, bundled_themes, load_themes, user_themes


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_ours_are_four_and_the_default_is_first():
    names = [theme.name for theme in bundled_themes()]
    assert names[0] == "safelight"
    assert set(names) == {
        "safelight",
        "safelight-light",
        "safelight-contrast",
        "safelight-colour-blind",
    }


def test_no_folder_of_users_own_is_fine(tmp_path):
    assert load_themes(tmp_path / "absent") == bundled_themes()


def test_a_users_theme_takes_from_its_base_what_it_leaves_out(tmp_path):
    folder = write(
        tmp_path,
        'name = "mine"\nbase = "safelight-light"\n[colours]\nprimary = "#123456"\n'
        '[variables]\nborder = "#654321"\n',
    )
    mine = load_themes(folder)[-1]
    light = next(theme for theme in bundled_themes() if theme.name == "safelight-light")
    assert mine.colours == {**light.colours, "primary": "#123456"}
    assert mine.states == light.states
    assert mine.variables["border"] == "#654321"
    assert not mine.dark


def test_a_users_theme_may_replace_ours(tmp_path):
    folder = write(tmp_path, 'name = "safelight"\nbase = "safelight"\n[states]\ndone = "#00ff00"\n')
    themes = {theme.name: theme for theme in load_themes(folder)}
    assert len(themes) == 4
    assert themes["safelight"].states["done"] == "#00ff00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is not TOML"),
        ('name = "Mine!"\ndark = true', "lower-case letters"),
        ('name = "mine"', "dark = true or dark = false"),
        ('name = "mine"\ndark = true\n[colours]\nprimary = "#123456"', "secondary"),
        ('name = "mine"\nbase = "nord"', "base must be one of safelight"),
        ('name = "mine"\nbase = "safelight"\n[colours]\nprimary = "red"', "primary as"),
        ('name = "mine"\nbase = "safelight"\n[colours]\nmood = "#123456"', "'mood' is not known"),
        ('name = "mine"\nbase = "safelight"\ncolors = 3', "'colors' is not known"),
        ('name = "mine"\nbase = "safelight"\ncolours = 3', "must be a table"),
        ('name = "mine"\nbase = "safelight"\n[variables]\nborder = "red; } * {"', "border must"),
        ('name = "mine"\nbase = "safelight"\n[variables]\n"a:b" = "red"', "variable's name"),
        ('name = "mine"\nbase = "safelight"\n#' + "x" * MAX_BYTES, "larger than"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path, text, said):
    folder = write(tmp_path, text)
    with pytest.raises(ThemeError) as refusal:
        load_themes(folder)
    assert said in str(refusal.value)
    assert "mine.toml" in str(refusal.value)


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ThemeError, match="not UTF-8"):
        load_themes(tmp_path)


def test_the_folder_follows_the_xdg_specification(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_themes() == tmp_path / "safelight" / "themes"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert user_themes() == tmp_path / "home" / ".config" / "safelight" / "themes"


def test_themes_import_nothing_of_ours_and_no_textual():
    code = (
        "import sys, themes; themes.bundled_themes(); "
        "print([m for m in ('textual', 'rich', 'pydantic', 'engine', 'db', 'tui') "
        "if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]"
