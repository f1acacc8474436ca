"""Keys of the user, and addresses that only a workspace names."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import click
import pytest

from engine.cli.trust import asking_for_trust
from engine.config.environment import Environment
from engine.config.settings import load_environment, read_settings
from engine.config.trust.grants import trust, trust_file, trusted
from engine.config.trust.guard import UntrustedDestination
from engine.config.trust.machines import trusted_machines
from engine.contract import BackendFamily
from engine.plugins.catalog import EntryPointCatalog
from safelight import open_workspace
from tests.support.toys import ToyBackend, ToySettings

pytestmark = pytest.mark.usefixtures("one_process")

HERE, OTHER = "http://127.0.0.1:9", "http://127.0.0.1:19"
KEY = "sk-of-the-user-0123456789"
SMALL = ("--set", "width=64", "--set", "height=64")
QUEUE = ("queue", "refine", "--set", "vision=openai", *SMALL)


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace from somebody else, and a user with keys."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    for name in ("HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OLLAMA_HOST"):
        monkeypatch.setenv(name, "")  # so that what a command adopts is undone
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (tmp_path / "p.txt").write_text("a red fox\n")
    root = tmp_path / "w"
    root.mkdir()
    names(root, HERE)
    return root


def names(root: Path, address: str) -> None:
    """Has the workspace's settings name an address."""
    text = f'[retry]\ntries = 1\n[backends.openai]\nbase_url = "{address}"\n'
    (root / "safelight.toml").write_text(text)


def queue(run: Any, root: Path, *more: str) -> Any:
    return run(*QUEUE, root.parent / "p.txt", "-w", root, *more)


def why_parked(root: Path) -> list[str]:
    """Why jobs wait: `backend` where a call was sent to the address, at which nobody answers."""
    with open_workspace(root, create=False).reading() as connection:
        return [row[0] for row in connection.execute("SELECT reason FROM jobs")]


def test_a_key_is_kept_back_until_the_user_has_agreed(run, foreign):
    said = queue(run, foreign)
    assert said.code == 3
    assert f"OPENAI_API_KEY of your environment would be sent to {HERE}" in said.err
    assert f"safelight trust {foreign}" in said.err
    assert not (foreign / ".safelight").exists()

    agreed = run("trust", foreign)
    assert agreed.code == 0
    assert f"{HERE} (OPENAI_API_KEY)" in agreed.out
    assert trust_file().stat().st_mode & 0o777 == 0o600
    assert queue(run, foreign).code == 0

    names(foreign, OTHER)
    assert queue(run, foreign).code == 3
    assert HERE in run("trust", "--list").out
    assert run("trust", "--revoke", foreign).out.startswith(f"No longer trusted: {HERE}")
    names(foreign, HERE)
    assert queue(run, foreign).code == 3


def test_what_is_trusted_for_one_workspace_is_not_for_another(run, foreign):
    run("trust", foreign)
    other = foreign.parent / "other"
    other.mkdir()
    names(other, HERE)
    assert queue(run, other).code == 3
    link = foreign.parent / "link"
    link.symlink_to(foreign)
    assert queue(run, link).code == 0


def test_the_workspace_s_own_key_goes_to_its_own_address(run, foreign, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    (foreign / ".env").write_text("OPENAI_API_KEY=sk-of-the-workspace\n")
    assert queue(run, foreign).code == 0
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert queue(run, foreign).code == 3


def test_a_local_server_without_a_key_needs_no_trust(run, foreign, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert queue(run, foreign).code == 0


def test_what_the_user_gives_is_trusted_and_kept_for_the_engine(run, foreign):
    (foreign / "safelight.toml").write_text("[retry]\ntries = 1\n")
    assert queue(run, foreign, "--set", f"openai.base_url={HERE}/").code == 0
    assert list(trusted(foreign)) == [HERE]
    run("engine", "--until-idle", "-w", foreign)
    assert why_parked(foreign) == ["backend"]


def test_a_variable_of_the_user_is_trusted_and_one_of_the_workspace_is_not(
    run, foreign, monkeypatch
):
    (foreign / "safelight.toml").unlink()
    (foreign / ".env").write_text(f"SAFELIGHT_BACKENDS__OPENAI__BASE_URL={HERE}\n")
    assert queue(run, foreign).code == 3
    monkeypatch.setenv("SAFELIGHT_BACKENDS__OPENAI__BASE_URL", OTHER)
    assert queue(run, foreign).code == 0
    monkeypatch.delenv("SAFELIGHT_BACKENDS__OPENAI__BASE_URL")
    (foreign / ".env").unlink()
    monkeypatch.setenv("SAFELIGHT_BACKENDS", json.dumps({"openai": {"base_url": HERE}}))
    assert queue(run, foreign).code == 0


def test_arguments_of_a_script_are_the_user_s(foreign):
    (foreign / "safelight.toml").unlink()
    overrides = {"backends": {"openai": {"base_url": HERE}}}
    workspace = open_workspace(foreign, overrides=overrides)
    assert workspace.queue("refine", foreign.parent / "p.txt", settings={"vision": "openai"})


def test_a_batch_that_somebody_else_queued_waits_for_trust(run, foreign, monkeypatch):
    with monkeypatch.context() as theirs:
        theirs.delenv("OPENAI_API_KEY")
        assert queue(run, foreign).code == 0
    (foreign / "safelight.toml").write_text("[retry]\ntries = 1\n")
    assert run("engine", "--until-idle", "-w", foreign).code == 3
    assert why_parked(foreign) == ["key"]
    doctor = run("doctor", "-w", foreign).out
    assert f"your OPENAI_API_KEY may not go to {HERE}" in doctor
    assert f"safelight trust {foreign}" in doctor

    assert run("trust", "-w", foreign).code == 0
    assert f"OPENAI_API_KEY may go to {HERE} since 20" in run("doctor", "-w", foreign).out
    run("resume", "b1", "-w", foreign)
    run("engine", "--until-idle", "-w", foreign)
    assert why_parked(foreign) == ["backend"]


def test_an_address_in_the_workspace_s_environment_counts(run, foreign, monkeypatch):
    (foreign / ".env").write_text(f"OLLAMA_HOST={HERE}\n")
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)
    said = run("queue", "refine", foreign.parent / "p.txt", "--set", "text=ollama", "-w", foreign)
    assert said.code == 3
    assert f"OLLAMA_API_KEY of your environment would be sent to {HERE}" in said.err


def test_a_backend_of_somebody_else_is_guarded_by_the_names_that_it_uses(foreign):
    class Settings(ToySettings):
        endpoint: str = "api.toys.example"

    def make(settings: Any, environment: Any) -> Any:
        backend: Any = ToyBackend(name="toys")
        backend.key = environment.get("TOYS_TOKEN")
        return backend

    family = BackendFamily("toys", "Toys.", Settings, {"text": make})
    catalog = EntryPointCatalog()
    catalog.family = lambda name: family
    environment = Environment(foreign, {"TOYS_OWN": "x"})
    environment["TOYS_TOKEN"] = KEY
    own: Any = catalog.backend("text", "toys", {}, environment)
    assert own.key == KEY
    with pytest.raises(
        UntrustedDestination, match="TOYS_TOKEN of your environment would be sent to evil"
    ):
        catalog.backend("text", "toys", {"endpoint": "evil.example"}, environment)
    trust(foreign, ["evil.example"])
    backend: Any = catalog.backend("text", "toys", {"endpoint": "evil.example"}, environment)
    assert backend.key == KEY


def test_lists_of_backends_say_what_is_needed(run, foreign):
    found = run("backends", "--json", "-w", foreign).json["backends"]
    openai = next(family for family in found if family["name"] == "openai")
    for made in openai["capabilities"]:
        assert made["missing"][0]["what"] == f"your agreement that OPENAI_API_KEY may go to {HERE}"
        assert "safelight trust" in made["missing"][0]["remedy"]


@pytest.mark.parametrize("token", ["environment", "file"])
def test_a_token_goes_to_no_hub_that_only_the_workspace_names(
    run, foreign, monkeypatch, tmp_path, token
):
    if token == "environment":
        monkeypatch.setenv("HF_TOKEN", KEY)
    else:
        (tmp_path / "hub").mkdir()
        (tmp_path / "hub" / "token").write_text(KEY)
    (foreign / ".env").write_text(f"HF_ENDPOINT={HERE}\n")
    said = run("models", "pull", "clipscore", "-w", foreign)
    assert said.code == 3
    assert f"HF_TOKEN of your environment would be sent to {HERE}" in said.err
    assert f"{HERE} (HF_TOKEN, OPENAI_API_KEY)" in run("trust", foreign).out


def test_a_hub_is_https_or_of_this_machine(run, foreign, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    said = run("models", "pull", "clipscore", "-w", foreign)
    assert said.code == 2
    assert "HF_ENDPOINT must be https" in said.err


def test_a_token_that_cannot_be_one_is_refused_by_name(run, foreign, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "\u201chf_abcdef\u201d")
    said = run("models", "pull", "clipscore", "-w", foreign)
    assert said.code == 2
    assert "HF_TOKEN holds a typographic quotation mark" in said.err
    assert "abcdef" not in said.err


@pytest.mark.parametrize("answer", [True, False])
def test_it_is_asked_on_a_terminal(foreign, monkeypatch, answer):
    asked = []

    def action() -> str:
        if HERE not in trusted(foreign):
            raise UntrustedDestination(foreign, [HERE], ["A_KEY"])
        return "done"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda *a, **k: asked.append(a) or answer)
    if answer:
        assert asking_for_trust(action, ask=True) == "done"
    else:
        with pytest.raises(UntrustedDestination):
            asking_for_trust(action, ask=True)
    assert len(asked) == 1
    with pytest.raises(UntrustedDestination):
        asking_for_trust(lambda: refuse(foreign), ask=False)
    assert len(asked) == 1


def refuse(root: Path) -> None:
    raise UntrustedDestination(root, [OTHER], ["A_KEY"])


def test_a_configuration_folder_that_is_relative_is_not_one(foreign, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    monkeypatch.setenv("HOME", str(foreign.parent / "home"))
    assert trust_file() == foreign.parent / "home/.config/safelight/trust.json"


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"workspaces": []}', '{"workspaces": {"/": 1}}'])
def test_what_cannot_be_read_trusts_nothing(foreign, kept):
    trust_file().parent.mkdir(parents=True)
    trust_file().write_text(kept)
    assert trusted(foreign) == {}
    trust(foreign, [HERE])
    assert list(trusted(foreign)) == [HERE]


@pytest.mark.parametrize("relative", [True, False])
def test_results_go_outside_only_where_the_user_says_so(run, foreign, relative):
    (foreign / "safelight.toml").unlink()
    mine = foreign.parent / "mine"
    place = "../mine" if relative else str(mine)
    (foreign / ".env").write_text(f"SAFELIGHT_OUTPUTS__FOLDER={place}\n")
    options = ("--max-iterations", "1", *SMALL, "-w", foreign)
    command = ("run", "refine", foreign.parent / "p.txt", *options)
    said = run(*command)
    assert said.code == 3
    assert f"Results would be written to {mine}, a folder outside this workspace" in said.err
    assert run(*command, "--output-dir", foreign.parent / "given").code == 0
    assert any((foreign.parent / "given").rglob("iteration_1.png"))
    assert not mine.exists()
    assert f"{mine} (results)" in run("trust", foreign).out
    assert run(*command).code == 0
    assert any(mine.rglob("iteration_1.png"))


def test_results_of_a_batch_that_somebody_else_queued_stay_inside(run, foreign, monkeypatch):
    (foreign / "safelight.toml").unlink()
    mine = foreign.parent / "mine"
    with monkeypatch.context() as theirs:
        theirs.setenv("XDG_CONFIG_HOME", str(foreign.parent / "theirs"))
        theirs.setattr("engine.config.trust.grants._given_here", set())
        options = ("--max-iterations", "1", *SMALL, "--output-dir", mine, "-w", foreign)
        assert run("queue", "refine", foreign.parent / "p.txt", *options).code == 0
    assert run("engine", "--until-idle", "-w", foreign).code == 3
    assert why_parked(foreign) == ["disk"]
    assert not mine.exists()
    run("trust", foreign)
    run("resume", "b1", "-w", foreign)
    assert run("engine", "--until-idle", "-w", foreign).code == 0
    assert any(mine.rglob("iteration_1.png"))


@pytest.mark.parametrize(
    "lines",
    [
        "HF_TOKEN=' '",
        "HF_TOKEN_PATH=/nowhere",
        "XDG_CACHE_HOME=/nowhere",
        "HF_HOME=$PLACE_OF_HUB",
    ],
)
def test_a_workspace_s_variables_hide_no_token_of_the_user(
    run, foreign, monkeypatch, tmp_path, lines
):
    monkeypatch.setenv("PLACE_OF_HUB", str(tmp_path / "cache" / "huggingface"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HOME")
    (tmp_path / "cache" / "huggingface").mkdir(parents=True)
    (tmp_path / "cache" / "huggingface" / "token").write_text(KEY)
    (foreign / ".env").write_text(f"HF_ENDPOINT={HERE}\n{lines}\n")
    said = run("models", "pull", "clipscore", "-w", foreign)
    assert said.code == 3
    assert f"HF_TOKEN of your environment would be sent to {HERE}" in said.err


def test_a_token_that_the_client_prefers_counts(run, foreign, monkeypatch):
    monkeypatch.setenv("HF_OIDC_RESOURCE", "models")
    (foreign / ".env").write_text(f"HF_ENDPOINT={HERE}\nHF_TOKEN=hf_of_the_workspace\n")
    assert run("models", "pull", "clipscore", "-w", foreign).code == 3


def test_a_key_behind_a_link_out_of_the_workspace_is_the_user_s(run, foreign, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    (foreign.parent / "mine").write_text(f"OPENAI_API_KEY={KEY}\n")
    (foreign / ".env").symlink_to(foreign.parent / "mine")
    said = queue(run, foreign)
    assert said.code == 3
    assert "OPENAI_API_KEY of your environment" in said.err
    (foreign / ".env").unlink()
    (foreign / "keys").write_text("OPENAI_API_KEY=sk-of-the-workspace\n")
    (foreign / ".env").symlink_to("keys")
    assert queue(run, foreign).code == 0


@pytest.mark.parametrize("name", ["ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_AUTH_TOKEN"])
def test_what_a_client_sends_by_itself_is_kept_back_like_a_key(run, foreign, monkeypatch, name):
    (foreign / "safelight.toml").write_text(f'[backends.anthropic]\nbase_url = "{HERE}"\n')
    (foreign / ".env").write_text("ANTHROPIC_API_KEY=sk-ant-of-the-workspace\n")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    choice = ("--set", "vision=anthropic")
    assert queue(run, foreign, *choice).code == 0
    monkeypatch.setenv(name, "Authorization: Bearer of-the-user")
    said = queue(run, foreign, *choice)
    assert said.code == 3
    assert f"{name} of your environment would be sent to {HERE}" in said.err


def test_an_import_goes_outside_only_where_the_user_says_so(run, foreign, images, monkeypatch):
    (foreign / "safelight.toml").write_text('[outputs]\nfolder = "../mine"\n')
    mine = foreign.parent / "mine"
    run("init", "-w", foreign)
    command = ("import", images / "outputs", "-w", foreign)
    said = run(*command)
    assert said.code == 3
    assert f"Results would be written to {mine}, a folder outside this workspace" in said.err
    assert run("status", "--json", "-w", foreign).json["batches"] == []
    assert not mine.exists()
    monkeypatch.setenv("SAFELIGHT_OUTPUTS__FOLDER", str(mine))
    assert run(*command).code == 0
    assert any(mine.rglob("iteration_1.png"))


def test_the_results_of_somebody_elses_batch_are_written_again_inside_only(run, foreign, images):
    outside = foreign.parent / "mine"
    (foreign / "safelight.toml").unlink()
    run("init", "-w", foreign)
    assert run("import", images / "outputs", "-w", foreign).code == 0
    with sqlite3.connect(foreign / ".safelight/safelight.db") as theirs:
        theirs.execute("UPDATE jobs SET output = ? || '/' || key", (str(outside),))
    theirs.close()
    said = run("export", "b1", "-w", foreign)
    assert said.code == 3
    assert f"Results would be written to {outside}" in said.err
    assert not outside.exists()
    shutil.rmtree(foreign / "outputs")
    (foreign / "outputs").symlink_to(images, target_is_directory=True)
    before = sorted(images.rglob("*"))
    assert run("export", "b1", "-w", foreign).code == 2
    assert sorted(images.rglob("*")) == before


def test_weights_go_outside_only_where_the_user_says_so(run, foreign, monkeypatch):
    monkeypatch.delenv("HF_HOME")
    (foreign / "safelight.toml").unlink()
    theirs = foreign.parent / "theirs"
    (foreign / ".env").write_text(
        f"HF_HOME={theirs}\nHF_ENDPOINT=http://127.0.0.1:9\nHF_TOKEN=own\n"
    )
    said = run("models", "pull", "clipscore", "-w", foreign)
    assert said.code == 3
    assert f"Weights would be written to {theirs}, a folder outside this workspace" in said.err
    assert f"{theirs} (weights)" in run("trust", foreign).out
    assert run("models", "pull", "clipscore", "-w", foreign).code == 1  # nothing listens there


def test_machines_that_only_a_workspace_names_are_refused(
    run: Any, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usable(**hosts: Any) -> tuple[list[str], dict[str, str]]:
        settings = read_settings(foreign, {"hosts": hosts} if hosts else None)
        environment = load_environment(foreign, settings.given)
        return trusted_machines(foreign, settings.hosts, environment)

    text = '[hosts]\nmachines = ["gpu-a", "gpu-b"]\n[hosts.machine.gpu-b]\ncommand = "sh evil.sh"\n'
    (foreign / "safelight.toml").write_text(text)
    allowed, refused = usable()
    assert allowed == [] and "safelight trust" in refused["gpu-a"]
    assert usable(machines=["gpu-a", "gpu-b"])[0] == ["gpu-a"]  # the command is the file's
    monkeypatch.setenv("SAFELIGHT_HOSTS__MACHINES", '["gpu-a", "gpu-b"]')
    assert usable()[0] == ["gpu-a"]
    monkeypatch.delenv("SAFELIGHT_HOSTS__MACHINES")
    told = run("trust", foreign)
    assert "hosts on gpu-a" in told.out and "hosts on gpu-b by sh evil.sh" in told.out
    assert usable() == (["gpu-a", "gpu-b"], {})
    (foreign / "safelight.toml").write_text(text.replace("evil", "worse"))
    assert usable()[0] == ["gpu-a"]
