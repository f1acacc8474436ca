"""Downloads of signed files, signatures of providers, kills, and files from anywhere."""

import hashlib
import io
import json
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, cast

import c2pa
import pytest
from starlette.testclient import TestClient

from engine.api.app import make_app
from engine.api.auth.issue import Wanted, issue
from engine.cli.app import main
from engine.config.provenance_settings import ProvenanceSettings
from engine.imaging.signed import is_signed, is_signed_file
from engine.imaging.xmp import with_source_type
from engine.provenance.copies import SignedCopies
from engine.provenance.identity import load_identity
from engine.provenance.media_xmp import with_source_type as media_with_source_type
from engine.provenance.signing import sign
from tests.api.conftest import headers
from tests.provenance.conftest import Made
from tests.provenance.test_signed_outputs import SOURCES, data_of, export, manifests
from tests.support.media_files import image
from tests.support.studio import TOML, Studio

ADDRESS = "http://127.0.0.1:8000"


def signed_by_provider(
    data: bytes, media_type: str, root: Path, tsa: str | None = None, **fields: str
) -> bytes:
    """Return a file as a provider signs it."""
    identity = load_identity(ProvenanceSettings(sign="local"), root)
    action = {
        "action": "c2pa.created",
        "softwareAgent": {"name": "Provider"},
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    }
    statement = {
        "claim_generator_info": [{"name": "Provider", **fields}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": "org.safelight.step", "data": fields},
        ],
    }
    target = io.BytesIO()
    sign(identity, tsa, statement, (), media_type, (io.BytesIO(data), target))
    return target.getvalue()


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_a_providers_signature_holds_in_every_mode(tmp_path: Path, kind: str, ending: str) -> None:
    studio = Studio(tmp_path / "w", "")
    data = signed_by_provider(image(kind, (96, 64)), f"image/{kind.lower()}", studio.root)
    studio.painter.data = data
    folder = studio.run()
    file = folder / f"keyframe.{ending}"
    assert file.read_bytes() == data
    assert manifests(file)[0] == "Valid"
    beside = json.loads((folder / "keyframe_lineage.json").read_text())
    assert beside["safelight"]["prompt"] == "a lamp"

    (studio.root / "safelight.toml").write_text(TOML)
    assert not export(studio.workspace())
    state, ours, every = manifests(file)
    assert (state, len(every)) == ("Valid", 2)
    (parent,) = ours["ingredients"]
    assert parent["relationship"] == "parentOf"
    assert every[parent["active_manifest"]]["claim_generator_info"][0]["name"] == "Provider"
    actions = [one["action"] for one in data_of(ours, "c2pa.actions.v2")["actions"]]
    assert actions == ["c2pa.opened", "c2pa.edited.metadata"]
    assert data in studio.artifacts().values()


def test_signatures_are_recognised_in_sounds_and_films_too(made: Made, tmp_path: Path) -> None:
    for name in SOURCES:
        assert is_signed_file(made.folder / name), name
    assert not any(is_signed(data) for data in made.studio.artifacts().values())
    for name in SOURCES:  # however short it is cut
        data = (made.folder / name).read_bytes()
        for end in random.Random(name).sample(range(len(data)), 40):
            is_signed(data[:end])


def test_marks_for_other_readers_change_nothing_of_what_is_cut_short(made: Made) -> None:
    for data in made.studio.artifacts().values():
        ends = random.Random(1).sample(range(min(3000, len(data))), 60)
        for end in ends:
            cut = data[:end]
            assert with_source_type(cut, "x").startswith(cut[:8])
            for media_type in ("video/mp4", "audio/wav", "audio/flac"):
                stream = media_with_source_type(io.BytesIO(cut), media_type, "x")
                assert stream.read(1 << 20) is not None


def test_a_spliced_file_reads_like_one(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    from tests.support.media_files import wav

    path.write_bytes(wav(0.5))
    with media_with_source_type(path.open("rb"), "audio/wav", "x") as stream:
        whole = stream.read()
        assert len(whole) > path.stat().st_size
        draw = random.Random(2)
        for _ in range(300):
            start, count = draw.randrange(len(whole) + 5), draw.randrange(5000)
            stream.seek(start)
            assert stream.read(count) == whole[start : start + count]
        assert stream.seek(-10, io.SEEK_END) == len(whole) - 10
    assert media_with_source_type(io.BytesIO(whole), "audio/wav", "x").read() == whole


@pytest.fixture
def client(made: Made) -> Any:
    workspace = made.studio.workspace()
    secret = issue(workspace, Wanted("test", ("admin",), None)).secret
    with TestClient(make_app(workspace), ADDRESS, headers=headers(secret)) as caller:
        yield caller


def test_a_download_is_signed_and_its_parts_fit_together(client: TestClient, made: Made) -> None:
    result = json.loads(made.workspace.jobs("b1")[0].result)
    for artifact in result["files"]:
        address = f"/v1/artifacts/{artifact['hash']}"
        answer = client.get(address)
        plain = client.get(address, params={"original": "true"})
        assert hashlib.sha256(plain.content).hexdigest() == artifact["hash"]
        if artifact["media_type"] == "audio/ogg":
            assert answer.content == plain.content
            continue
        with c2pa.Reader(artifact["media_type"], io.BytesIO(answer.content)) as reader:
            assert reader.get_validation_state() == "Valid"
        tag = answer.headers["etag"]
        assert tag != plain.headers["etag"]
        half = len(answer.content) // 2
        parts = [
            client.get(address, headers={"Range": span, "If-Range": tag})
            for span in (f"bytes=0-{half}", f"bytes={half + 1}-")
        ]
        assert [part.status_code for part in parts] == [206, 206]
        assert b"".join(part.content for part in parts) == answer.content
        assert {part.headers["etag"] for part in parts} == {tag}
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
        head = client.head(address)
        assert int(head.headers["content-length"]) == len(answer.content)
        assert head.headers["repr-digest"] == answer.headers["repr-digest"]


def test_parts_of_two_signatures_never_meet(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w")
    studio.run()
    workspace = studio.workspace()
    (artifact, *_) = json.loads(workspace.jobs("b1")[0].result)["files"]
    secret = issue(workspace, Wanted("test", ("admin",), None)).secret
    with TestClient(make_app(workspace), ADDRESS, headers=headers(secret)) as caller:
        address = f"/v1/artifacts/{artifact['hash']}"
        first = caller.get(address)
        digest = hashlib.sha256(first.content).hexdigest()
        (path,) = (studio.root / ".safelight/signed").glob(f"*/*.{digest}")
        path.unlink()
        span = {"Range": "bytes=5-9", "If-Range": first.headers["etag"]}
        second = caller.get(address, headers=span)
        assert second.status_code == 200
        assert second.headers["etag"] != first.headers["etag"]


def test_a_download_that_cannot_be_signed_is_refused_with_a_remedy(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w", "")
    studio.run()
    (studio.root / "safelight.toml").write_text('[provenance]\nsign = "file"\n')
    workspace = studio.workspace()
    (artifact, *_) = json.loads(workspace.jobs("b1")[0].result)["files"]
    secret = issue(workspace, Wanted("test", ("admin",), None)).secret
    with TestClient(make_app(workspace), ADDRESS, headers=headers(secret)) as caller:
        answer = caller.get(f"/v1/artifacts/{artifact['hash']}")
    assert (answer.status_code, answer.json()["code"]) == (503, "not-signed")
    assert "provenance.certificate" in answer.json()["detail"]


def test_another_machine_gets_signed_files_and_checks_them(tmp_path: Path) -> None:
    from engine.client.remote.server import Server
    from engine.client.remote.workspace import RemoteWorkspace
    from tests.support.live_server import serving

    studio = Studio(tmp_path / "w")
    studio.run()
    with serving(studio.workspace()) as live:
        remote = RemoteWorkspace(Server(live.url, live.token))
        (folder,) = remote.export("b1", tmp_path / "here")
        files = sorted(path for path in folder.iterdir() if path.suffix in {".png", ".mp4"})
        assert {manifests(path)[0] for path in files} == {"Valid"}
        before = {path: path.stat().st_mtime_ns for path in files}
        remote.export("b1", tmp_path / "here")
        assert {path: path.stat().st_mtime_ns for path in files} == before


def test_a_kill_while_a_file_is_signed_leaves_no_half_file(tmp_path: Path) -> None:
    folder, artifact, key = tmp_path / "signed", "cd" * 32, "ab" * 32
    code = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from engine.provenance.copies import SignedCopies

        def write(file):
            file.write(b"half")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

        SignedCopies(Path({str(folder)!r}), 1 << 30).make({artifact!r}, {key!r}, write)
    """)
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    kept = SignedCopies(folder, 1 << 30)
    assert kept.find(artifact, key) is None
    assert len(list(folder.glob("*/.new-*"))) == 1
    kept.sweep()
    assert not list(folder.glob("*/*"))

    def write(file: Any) -> None:
        file.write(b"whole")

    copy = kept.make(artifact, key, write)
    assert kept.make(artifact, key, lambda file: pytest.fail("written twice")) == copy
    assert kept.has_made(hashlib.sha256(b"whole").hexdigest())
    kept.remove_of([artifact, "ef" * 32])
    assert kept.find(artifact, key) is None


def test_a_full_disk_is_no_trouble_of_the_key(tmp_path: Path, made: Made) -> None:
    identity = load_identity(ProvenanceSettings(sign="local"), tmp_path)
    action = {"action": "c2pa.created", "digitalSourceType": "x"}
    assertion = {"label": "c2pa.actions.v2", "data": {"actions": [action]}}
    with (
        Path("/dev/full").open("w+b", buffering=0) as full,
        pytest.raises(OSError, match="No space"),
    ):
        sign(
            identity, None, {"assertions": [assertion]}, (), "image/png",
            (io.BytesIO(image(size=(90, 90))), cast("Any", full)),
        )  # fmt: skip


def run(*arguments: str, capsys: Any) -> tuple[int, str]:
    return main(arguments), capsys.readouterr().out


def test_statements_from_anywhere_are_shown_without_escapes(
    tmp_path: Path, capsys: Any, made: Made
) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe"
    file = tmp_path / "foreign.png"
    signed = signed_by_provider(
        image(), "image/png", tmp_path, version=hostile, prompt=hostile, **{f"k{hostile}": "v"}
    )
    file.write_bytes(signed)
    for arguments in (("show",), ("show", "--json"), ("verify", "--json")):
        code, shown = run("provenance", *arguments, str(file), capsys=capsys)
        assert code == 0
        assert "gnp.exe" in shown
        assert not set(shown) & set("\x1b\x07\u202e")
        assert "\\u001b" not in shown


def test_verify_counts_what_is_not_valid(made: Made, tmp_path: Path, capsys: Any) -> None:
    good, bad, plain = (tmp_path / name for name in ("good.png", "bad.png", "plain.png"))
    good.write_bytes((made.folder / "keyframe.png").read_bytes())
    bad.write_bytes(good.read_bytes()[:-1000] + b"x" + good.read_bytes()[-999:])
    plain.write_bytes(image())
    (tmp_path / "notes.txt").write_text("not looked at")
    assert run("provenance", "verify", str(good), capsys=capsys) == (
        0,
        f"{good}: valid, signed by Ada, who is trusted here\n",
    )
    code, shown = run("provenance", "verify", str(tmp_path), capsys=capsys)
    assert code == 1
    assert shown.splitlines() == [
        f"{bad}: NOT VALID: the file was changed after it was signed",
        f"{good}: valid, signed by Ada, who is trusted here",
        f"{plain}: no signed statement",
    ]
    bad.unlink()
    assert run("provenance", "verify", str(tmp_path), capsys=capsys)[0] == 1
    assert run("provenance", "verify", "--allow-unsigned", str(tmp_path), capsys=capsys)[0] == 0
    assert run("provenance", "verify", str(tmp_path / "none"), capsys=capsys)[0] == 1
