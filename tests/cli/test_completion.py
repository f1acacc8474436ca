"""Completion in real shells, each as it is without any set-up of a user's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.app import main


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    """A home with nothing in it, the three scripts, and a command `safelight` on the path."""
    for shell in ("bash", "zsh", "fish"):
        main(["completion", shell])
        (tmp_path / f"safelight.{shell}").write_text(capsys.readouterr().out)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "safelight"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m safelight "$@"\n')
    command.chmod(0o755)
    (tmp_path / "barns.csv").write_text("prompt\na barn\n")
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ZDOTDIR", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return tmp_path


def ask(shell, *arguments, folder):
    if shutil.which(shell) is None:
        pytest.skip(f"needs the Debian package {shell}")
    ran = subprocess.run(
        [shell, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert not ran.stderr, ran.stderr
    return ran.stdout


def complete_in_fish(home, line):
    said = ask("fish", "-c", f"source safelight.fish; complete -C '{line}'", folder=home)
    return dict(row.partition("\t")[::2] for row in said.splitlines())


def test_fish_completes_commands_with_their_whole_descriptions(home):
    found = complete_in_fish(home, "safelight stat")
    assert list(found) == ["status"]
    assert "," in found["status"]


def test_fish_completes_recipes_and_input_files(home):
    assert set(complete_in_fish(home, "safelight run re")) == {"refine", "refine-prompt"}
    assert "barns.csv" in complete_in_fish(home, "safelight run refine ba")


def test_zsh_takes_the_script_without_compinit(home):
    said = ask("zsh", "-fc", "source safelight.zsh; print -r -- $_comps[safelight]", folder=home)
    assert said.strip() == "_safelight_completion"


def test_zsh_can_autoload_the_script(home):
    assert (home / "safelight.zsh").read_text().startswith("#compdef safelight\n")


def test_bash_completes_commands(home):
    script = (
        "source safelight.bash; COMP_WORDS=(safelight stat); COMP_CWORD=1; "
        "_safelight_completion safelight; echo ${COMPREPLY[@]}"
    )
    assert ask("bash", "--norc", "-c", script, folder=home).split() == ["status"]
