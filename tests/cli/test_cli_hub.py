"""The hub's variables from a workspace's `.env`, in the commands that use weights."""

import os

import pytest

from engine.client.hub import HUB_VARIABLES, adopt_hub_variables

COMMANDS = (
    ["models", "list"],
    ["models", "path", "pickscore"],
    ["backends"],
    ["doctor"],
    ["engine", "--until-idle"],
)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    for name in HUB_VARIABLES:
        monkeypatch.setenv(name, "")  # so that it is put back after the test, whatever it is then
        monkeypatch.delenv(name)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_command_adopts_the_token_and_does_not_print_it(run, images, command):
    (images / ".env").write_text("HF_TOKEN=hf_of_the_workspace\nTOY_KEY=none\n")
    ran = run(*command, "--workspace", images)
    assert os.environ["HF_TOKEN"] == "hf_of_the_workspace"
    assert "TOY_KEY" not in os.environ
    assert "hf_of_the_workspace" not in ran.out + ran.err


def test_environment_wins_over_env_files_and_nothing_is_made_up(tmp_path, monkeypatch):
    adopt_hub_variables(tmp_path / "nowhere")
    assert not set(HUB_VARIABLES) & set(os.environ)
    (tmp_path / ".env").write_text("HF_HOME=/somewhere\nHF_ENDPOINT=https://a.example\n")
    (tmp_path / ".env.local").write_text("HF_HOME=/elsewhere\nHF_TOKEN=\n")
    monkeypatch.setenv("HF_ENDPOINT", "https://b.example")
    adopt_hub_variables(tmp_path)
    found = {name: os.environ[name] for name in HUB_VARIABLES if name in os.environ}
    assert found == {"HF_HOME": "/elsewhere", "HF_ENDPOINT": "https://b.example"}


def test_run_adopts_the_token_before_it_is_the_engine(run, tmp_path):
    root = tmp_path / "workspace"
    root.mkdir()
    (root / ".env").write_text("HF_TOKEN=hf_of_the_workspace\n")
    (tmp_path / "one.txt").write_text("a lamp\n")
    small = ["--set", "width=64", "--set", "height=64", "--max-iterations", "1", "--yes"]
    ran = run("run", "refine", tmp_path / "one.txt", *small, "--workspace", root)
    assert ran.code == 0
    assert os.environ["HF_TOKEN"] == "hf_of_the_workspace"
    kept = [path for path in root.rglob("*") if path.is_file()]
    told = [path.name for path in kept if b"hf_of_the_workspace" in path.read_bytes()]
    assert told == [".env"]
