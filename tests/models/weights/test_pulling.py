"""Weights are fetched by the hub's own client: safe files only, resumed, and refused in words."""

import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.cli.app import main
from engine.contract import Blocked
from engine.models.weights import PullError, RequiredWeights, find, pull
from engine.text.plural import byte_count
from tests.models.weights.conftest import safetensors
from tests.models.weights.hub import COMMIT, Hub

SMALL = RequiredWeights(name="small", source="org/small")
ROOT = Path(__file__).parents[3]


def test_only_files_without_code_are_fetched(hub: Hub) -> None:
    folder = pull(SMALL)
    assert folder == find(SMALL)
    assert folder.name == COMMIT
    kept = {"config.json", "model.safetensors", "chat_template.jinja", "README.md"}
    assert {path.name for path in folder.iterdir()} == kept  # the card states the licence
    assert set(hub.fetched()) == kept


def test_what_is_there_is_not_fetched_again(hub: Hub) -> None:
    pull(SMALL)
    hub.asked.clear()
    pull(SMALL)
    assert hub.fetched() == []


def test_a_download_that_broke_goes_on_where_it_stopped(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
    data = safetensors(199_000).ljust(200_000, b"\0")
    hub.files["org/small"]["model.safetensors"] = data
    hub.broken.add("model.safetensors")
    folder = pull(SMALL)
    assert (folder / "model.safetensors").read_bytes() == data
    ranges = [
        headers["range"]
        for method, path, headers in hub.asked
        if method == "GET" and path.endswith("model.safetensors") and "range" in headers
    ]
    assert ranges == ["bytes=100000-"]


def test_patterns_of_files_that_are_left(hub: Hub) -> None:
    hub.files["org/small"]["open_clip_model.safetensors"] = safetensors()
    folder = pull(SMALL.model_copy(update={"leave": ("open_clip*.safetensors",)}))
    assert not (folder / "open_clip_model.safetensors").exists()


def test_one_file_that_is_named_is_fetched_whatever_its_format(hub: Hub) -> None:
    hub.files["org/head"] = {"head.pth": b"tensors", "other.pth": b"x"}
    digest = hashlib.sha256(b"tensors").hexdigest()
    wanted = RequiredWeights(name="head", source="org/head:head.pth", needs=(), sha256=digest)
    assert pull(wanted).read_bytes() == b"tensors"
    assert hub.fetched() == ["head.pth"]
    with pytest.raises(Blocked, match="not the file that is wanted"):
        pull(wanted.model_copy(update={"sha256": "0" * 64}))


def test_a_model_without_safetensors(hub: Hub) -> None:
    hub.files["org/old"] = {"config.json": b"{}", "pytorch_model.bin": b"a pickle"}
    with pytest.raises(PullError, match=r"does not hold what old needs: config.json and safetens"):
        pull(RequiredWeights(name="old", source="org/old"))
    hub.files["org/empty"] = {"README.md": b""}
    with pytest.raises(PullError, match="does not hold"):
        pull(RequiredWeights(name="empty", source="org/empty"))


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (403, "GatedRepo", "asks for its licence to be accepted"),
        (401, "RepoNotFound", "The hub knows no model org/small, or it is private"),
        (404, "RepoNotFound", "The hub knows no model org/small, or it is private"),
        (404, "RevisionNotFound", "knows no revision"),
        (418, "", "The hub answered 418"),
    ],
)
def test_refusals_are_sentences_without_the_token(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, status: int, code: str, sentence: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    hub.errors["org/small"] = (status, code)
    with pytest.raises(PullError, match=sentence) as caught:
        pull(SMALL.model_copy(update={"source": "org/small@main"}))
    assert "hf_verysecret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    given = {path: headers.get("authorization") for _, path, headers in hub.asked}
    assert "Bearer hf_verysecret" in given.values()


def test_a_revision_that_is_not_there(hub: Hub) -> None:
    with pytest.raises(PullError, match="The hub knows no revision v9 of org/small"):
        pull(RequiredWeights(name="small", source="org/small@v9"))


def test_no_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PullError, match="The hub could not be reached for org/small"):
        pull(SMALL)


def test_a_disk_without_room_is_said_before_the_first_byte(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(PullError, match="small takes 0 MB, and 0 MB are free at"):
        pull(SMALL)
    assert hub.fetched() == []


def test_a_disk_that_fills_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.snapshot_download", full)
    with pytest.raises(PullError, match="The disk is full; make room, and pull small again"):
        pull(SMALL)


def test_offline_nothing_is_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PullError, match="because the setting offline forbids it"):
        pull(SMALL.model_copy(update={"offline": True}))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(PullError, match="because HF_HUB_OFFLINE forbids it"):
        pull(SMALL)
    assert hub.asked == []


def test_a_path_is_looked_at_and_not_fetched(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(PullError, match=r"There is nothing that could be loaded\. Put them at"):
        pull(RequiredWeights(name="mine", source=str(tmp_path / "mine")))
    assert hub.asked == []


def test_a_name_that_leads_out_of_the_model_s_folder_is_refused(hub: Hub) -> None:
    for name in ("../../evil.json", "/evil.json", "a\\..\\evil.json"):
        hub.files["org/odd"] = {"config.json": b"{}", name: b"{}", "model.safetensors": b"x"}
        with pytest.raises(PullError, match=r"leads out of its folder; nothing is fetched"):
            pull(RequiredWeights(name="odd", source="org/odd", needs=("config.json",)))
    assert hub.fetched() == []


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A workspace that wants one model, twice."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "safelight.toml").write_text(
        '[backends.local]\nscorers = ["clipscore"]\nclipscore = "org/small"\n'
        'similarity = "org/small"\n'
    )
    return folder


def run(work: Path, *arguments: str) -> int:
    return main(["models", *arguments, "--workspace", str(work)])


@pytest.mark.parametrize(
    "proxy",
    [
        "",
        *(
            pytest.param(f"{one}://127.0.0.1:9", marks=pytest.mark.slow)
            for one in ("http", "socks5")
        ),
    ],
)
def test_the_command_as_it_is_called(hub: Hub, work: Path, tmp_path: Path, proxy: str) -> None:
    """In a process of its own, which reads where hub and cache are from its environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "cache"),
        "HF_ENDPOINT": hub.address,
        "HF_TOKEN": "hf_verysecret",
        "ALL_PROXY": proxy,  # not for a hub on this machine
    }
    command = [sys.executable, "-m", "safelight", "models", "pull", "clipscore", "-w", str(work)]
    pulled = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stdout.startswith(f"✓ clipscore: {tmp_path}/cache/")
    assert "hf_verysecret" not in pulled.stdout + pulled.stderr
    given = {path: headers.get("authorization") for _, path, headers in hub.asked}
    assert given["/api/models/org/small"] == "Bearer hf_verysecret"


def test_the_command_lists_fetches_and_finds(
    hub: Hub, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(work, "path", "clipscore") == 2
    assert "Run: safelight models pull clipscore" in capsys.readouterr().err
    assert run(work, "pull", "clipscore") == 0
    assert capsys.readouterr().out.startswith("✓ clipscore: ")
    assert run(work, "path", "clipscore") == 0
    path = Path(capsys.readouterr().out.strip())
    assert (path / "model.safetensors").is_file()
    assert run(work, "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)["models"]
    rows = {row["name"]: row for row in listed if row["backend"] == "local"}
    assert set(rows) == {"clipscore", "embedding", "similarity"}
    assert rows["clipscore"]["path"] == rows["similarity"]["path"] == str(path)
    assert rows["clipscore"]["size"] == sum(p.stat().st_size for p in path.iterdir())
    assert run(work, "list") == 0
    assert re.search(r"✓ clipscore +local +[\d.]+ KiB +org/small", capsys.readouterr().out)


def test_the_command_says_what_it_cannot_fetch(
    hub: Hub, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.errors["org/gated"] = (403, "GatedRepo")
    assert run(work, "pull", "org/gated", "clipscore") == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("✗ gated: org/gated asks for its licence to be accepted")
    assert said[1].startswith("✓ clipscore: "), "the others are fetched"
    assert run(work, "pull", "nonsense") == 2
    assert "No backend wants 'nonsense'; they want: clipscore, " in capsys.readouterr().err


def test_the_command_says_that_no_weights_came(
    hub: Hub, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.files["org/pickled"] = {"config.json": b"{}", "pytorch_model.bin": b"x" * 100}
    assert run(work, "pull", "org/pickled") == 1
    assert capsys.readouterr().out.startswith(
        "✗ pickled: no weights came. org/pickled has none in the safetensors format"
    )
    assert run(work, "pull", "org/small") == 0


def test_sizes_below_a_gigabyte_are_in_megabytes() -> None:
    assert byte_count(340_400_000) == "340 MB"
    assert byte_count(6_460_000_000) == "6.5 GB"


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_page_in_the_place_of_a_file_is_refused_and_fetched_again(hub: Hub, name: str) -> None:
    right = hub.files["org/small"][name]
    hub.files["org/small"][name] = b"<html>Log in</html>"
    with pytest.raises(PullError, match=f"came as {name} is something else"):
        pull(SMALL)
    hub.files["org/small"][name] = right
    assert (pull(SMALL) / name).read_bytes() == right
