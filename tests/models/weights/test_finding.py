"""Weights are found on this machine, whole or not at all, and the network is never asked."""

import hashlib
import json
import socket
from pathlib import Path

import pytest

from engine.contract import Blocked
from engine.models.weights import (
    RequiredWeights,
    check_hash,
    find,
    identity,
    missing_weights,
    require,
    size,
)
from tests.models.weights.conftest import cached, safetensors
from tests.models.weights.hub import COMMIT

WHOLE = {"config.json": b"{}", "model.safetensors": safetensors()}
WANTED = RequiredWeights(name="clip", source="org/clip")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_in_the_cache_of_the_hub(cache: Path) -> None:
    assert find(WANTED) is None
    folder = cached(cache, "org/clip", WHOLE)
    assert find(WANTED) == folder
    assert identity(WANTED, folder) == f"org/clip@{COMMIT[:12]}"
    assert size(folder) == sum(map(len, WHOLE.values()))


def test_at_a_revision(cache: Path) -> None:
    folder = cached(cache, "org/clip", WHOLE)
    at_commit, other = (
        WANTED.model_copy(update={"source": f"org/clip@{at}"}) for at in (COMMIT, "v2")
    )
    assert find(at_commit) == folder
    assert find(other) is None


@pytest.mark.parametrize("lacking", sorted(WHOLE))
def test_what_is_not_whole_is_not_there(cache: Path, lacking: str) -> None:
    cached(cache, "org/clip", {name: data for name, data in WHOLE.items() if name != lacking})
    assert find(WANTED) is None


def test_of_weights_in_parts_every_part_has_to_be_there(cache: Path) -> None:
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    parts = {
        "config.json": b"{}",
        "model.safetensors.index.json": json.dumps(index).encode(),
        "model-1.safetensors": safetensors(),
    }
    folder = cached(cache, "org/clip", parts)
    assert find(WANTED) is None
    (folder / "model-2.safetensors").write_bytes(safetensors())
    assert find(WANTED) == folder


@pytest.mark.parametrize(
    "index", [b"", b"[]", b'{"weight_map": []}', b'{"weight_map": {"a": "../x"}}']
)
def test_a_damaged_index_is_not_whole(cache: Path, index: bytes) -> None:
    cached(cache, "org/clip", {**WHOLE, "model.safetensors.index.json": index})
    assert find(WANTED) is None


def test_pickled_weights_do_not_count(cache: Path) -> None:
    cached(cache, "org/clip", {"config.json": b"{}", "pytorch_model.bin": b"x"})
    assert find(WANTED) is None


def test_a_processor_has_no_weights(cache: Path) -> None:
    folder = cached(cache, "org/clip", {"tokenizer_config.json": b"{}"})
    wanted = RequiredWeights(
        name="p", source="org/clip", needs=("tokenizer_config.json",), has_weights=False
    )
    assert find(wanted) == folder


def test_one_file_of_a_model(cache: Path) -> None:
    wanted = RequiredWeights(name="head", source="org/clip:sub/head.pth", needs=())
    assert find(wanted) is None
    folder = cached(cache, "org/clip", {"sub/head.pth": b"1"})
    assert find(wanted) == folder / "sub/head.pth"
    assert identity(wanted, folder / "sub/head.pth") == f"org/clip@{COMMIT[:12]}:sub/head.pth"


def test_at_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "model"
    wanted = RequiredWeights(name="clip", source="~/model")
    assert find(wanted) is None
    folder.mkdir()
    for name, data in WHOLE.items():
        (folder / name).write_bytes(data)
    assert find(wanted) == folder
    digest = hashlib.sha256(WHOLE["model.safetensors"]).hexdigest()
    one = hashlib.sha256(digest.encode()).hexdigest()[:12]
    assert identity(wanted, folder) == f"model#{one}"


def test_another_content_is_another_identity(tmp_path: Path) -> None:
    file = tmp_path / "head.pth"
    wanted = RequiredWeights(name="head", source=str(file), needs=())
    file.write_bytes(b"one")
    first = identity(wanted, file)
    file.write_bytes(b"other")
    assert identity(wanted, file) != first


def test_missing_weights_are_named_with_what_mends_it(cache: Path) -> None:
    here, there = RequiredWeights(name="gone", source="/nowhere/at/all"), WANTED
    of_hub, of_path = missing_weights([there, here])
    assert of_hub.what == "the weights clip (org/clip)"
    assert of_hub.remedy == "Run: safelight models pull clip."
    assert of_path.remedy == "Put them at /nowhere/at/all, or set another source."
    assert {of_hub.reason, of_path.reason} == {"weights"}


def test_where_they_are_required_they_block(cache: Path) -> None:
    with pytest.raises(Blocked) as caught:
        require(WANTED)
    assert caught.value.reason == "weights"
    assert caught.value.remedy == "Run: safelight models pull clip. Then resume."
    cached(cache, "org/clip", WHOLE)
    assert require(WANTED).is_dir()


def test_a_hash_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "head.pth"
    file.write_bytes(b"weights")
    right = RequiredWeights(
        name="head", source=str(file), sha256=hashlib.sha256(b"weights").hexdigest(), needs=()
    )
    check_hash(right, file)
    file.write_bytes(b"weightz")
    with pytest.raises(Blocked, match=r"head\.pth is not the file that is wanted for head"):
        check_hash(right, file)
