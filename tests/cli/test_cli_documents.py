"""The command line's pages say what is so, and the first two commands stay light."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.app import _COMMANDS
from engine.cli.settings_text import settings_markdown
from engine.config.settings import load_environment, read_settings
from engine.plugins.catalog import EntryPointCatalog

ROOT = Path(__file__).parents[2]
HEAVY = {"textual", "numpy", "PIL", "sqlite_utils", "pydantic", "rich", "yaml", "sqlite3"}


def test_page_of_settings_is_the_models():
    page = (ROOT / "docs/settings.md").read_text()
    remedy = "run: python -m engine.cli.settings_text > docs/settings.md"
    assert page == settings_markdown(EntryPointCatalog()), remedy


def test_example_of_env_local_can_be_used_as_it_is(tmp_path, monkeypatch):
    text = (ROOT / ".env.local.example").read_text()
    settings = re.findall("^# (SAFELIGHT_[A-Z_]+=.*)$", text, re.MULTILINE)
    assert len(settings) > 5
    (tmp_path / ".env.local").write_text("\n".join(settings))
    assert read_settings(tmp_path).outputs.formats == ["json", "yaml"]
    assert "SAFELIGHT_ENGINE__JOBS_IN_FLIGHT" in load_environment(tmp_path)


def test_every_command_has_its_place_in_the_manual():
    page = (ROOT / "docs/cli.md").read_text()
    for name in _COMMANDS:
        assert f"safelight {name}" in page, name


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument):
    code = (
        "import sys; sys.argv = ['safelight', sys.argv[1]]\n"
        "from safelight.__main__ import main\n"
        "code = main()\n"
        "print(*sys.modules)\n"
        "sys.exit(code)"
    )
    command = [sys.executable, "-c", code, argument]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=dict(os.environ))
    assert ran.returncode == 0, ran.stderr
    *_, modules = ran.stdout.splitlines()
    assert "click" in modules.split()
    assert not HEAVY & {name.partition(".")[0] for name in modules.split()}


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_command_has_help(run, name):
    ran = run(name, "--help")
    assert ran.code == 0
    assert "Usage: safelight" in ran.out
    without = {"completion", "db", "demo", "examples", "login", "logout", "measure", "models"}
    without |= {
        "artifacts",
        "provenance",
        "spans",
        "token",
        "webhooks",
    }  # groups; their commands have it
    assert ("--workspace" in ran.out) is (name not in without)


FREE = {"input", "measurements", "jobs", "data", "value"}
"""Fields whose content is somebody else's, or whose names are states."""


def names_of(document) -> set[str]:
    if isinstance(document, list):
        return {name for item in document for name in names_of(item)}
    if not isinstance(document, dict):
        return set()
    below = [value for name, value in document.items() if name not in FREE or type(value) is list]
    return set(document) | names_of(below)


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "--json"],
        ["jobs", "b1", "--json"],
        ["show", "j3", "--json"],
        ["events", "--json", "--last", "1"],
        ["recipes", "--json"],
        ["backends", "--json"],
        ["models", "list", "--json"],
        ["doctor", "--json"],
    ],
)
def test_every_json_field_is_in_the_manual(run, toys, arguments):
    page = re.sub("```.*?```", "", (ROOT / "docs/cli.md").read_text(), flags=re.DOTALL)
    documented = {
        word for words in re.findall("`([^`]+)`", page) for word in re.findall("[a-z_]+", words)
    }
    document = run(*arguments, "--workspace", toys).json
    assert document["version"] == 1
    assert len(names_of(document)) > 3
    assert names_of(document) <= documented
