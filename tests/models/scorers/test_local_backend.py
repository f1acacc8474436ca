"""The backend `local`: what it asks of a host, what it makes of the answer, and what it lacks."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.backends.local import FAMILY, LocalSettings, score
from engine.backends.local.score import LocalScorers
from engine.contract import CompareRequest, Permanent, ScoreInfo, ScoreRequest, Task
from engine.contract.host_settings import HostSettings
from engine.models.hosts.model_hosts import ModelHosts
from engine.plugins.catalog import BackendSettingsError, EntryPointCatalog
from tests.models.scorers.conftest import BRIEF, FILES, FOUR, PROMPT, Models
from tests.support.in_process import InProcessContext
from tests.support.tiny_models.hosted import LOADER

MakeBackend = Callable[..., LocalScorers]


@pytest.fixture
def backend(models: Models) -> MakeBackend:
    def make(**changes: Any) -> LocalScorers:
        sources = models.sources()
        return LocalScorers(LocalSettings.model_validate({**sources, **changes}))

    return make


@pytest.fixture
def context() -> InProcessContext:
    return InProcessContext()


def asked(context: InProcessContext, *metrics: str) -> ScoreRequest:
    images = tuple(context.give(file) for file in FILES)
    return ScoreRequest(images=images, brief=BRIEF, prompt=PROMPT, metrics=metrics)


async def test_a_set_is_one_task_and_its_answer_a_sheet(
    backend: MakeBackend, context: InProcessContext
) -> None:
    request = asked(context)
    sheet = await backend().score(request, context)
    assert [task.operation for task in context.tasks] == ["score"]
    assert sheet.images == request.images
    assert [column.metric for column in sheet.columns] == list(FOUR)
    assert len(sheet.scores()) == len(FOUR) * len(FILES)
    for column in sheet.columns:
        assert [mark.note for mark in column.marks] == ["", "", ""]


async def test_sets_of_several_jobs_ask_for_the_same_model(
    backend: MakeBackend, context: InProcessContext
) -> None:
    one = backend()
    for _ in range(2):
        await one.score(asked(context), context)
    await backend(concurrency=3, offline=True).score(asked(context), context)
    assert len({task.model for task in context.tasks}) == 1
    options = json.loads(context.tasks[0].model.options)
    assert options["parts"] == list(FOUR)
    assert context.tasks[0].model.options == json.dumps(
        options, sort_keys=True, separators=(",", ":")
    )


async def test_some_metrics_only(backend: MakeBackend, context: InProcessContext) -> None:
    sheet = await backend().score(asked(context, "aesthetic", "clipscore"), context)
    assert [column.metric for column in sheet.columns] == ["clipscore", "aesthetic"]
    assert context.tasks[0].model.name == "clipscore, aesthetic", "nothing else is loaded"


async def test_a_metric_that_it_has_not(backend: MakeBackend, context: InProcessContext) -> None:
    with pytest.raises(Permanent, match="does not score by hpsv2; it has pickscore,"):
        await backend().score(asked(context, "hpsv2"), context)
    assert not context.tasks


async def test_images_are_compared_by_clip_and_by_palette(
    backend: MakeBackend, context: InProcessContext
) -> None:
    images = tuple(context.give(file) for file in (*FILES, FILES[0]))
    compared = await backend().compare(CompareRequest(images=images), context)
    by = {likeness.measure: likeness for likeness in compared.likenesses}
    assert set(by) == {"clip_similarity", "palette_distance"}
    for likeness in by.values():
        rows = likeness.values
        assert all(rows[a][b] == pytest.approx(rows[b][a]) for a in range(4) for b in range(4))
        assert rows[0][3] == pytest.approx(1.0 if likeness.higher_is_more_similar else 0.0)
    assert by["palette_distance"].values[0][1] > 0
    assert by["clip_similarity"].values[0][1] < 1


async def test_an_image_that_cannot_be_compared(
    backend: MakeBackend, context: InProcessContext
) -> None:
    images = (context.give(FILES[0]), context.give(b"nothing"))
    with pytest.raises(Permanent, match="Image 2 of the set cannot be compared"):
        await backend().compare(CompareRequest(images=images), context)


class _Unheard:
    """Ignores the reports of a task."""

    def waits(self) -> None: ...

    def begins(self, device: str) -> None: ...

    def progress(self, fraction: float | None, message: str = "") -> None: ...

    def preview(self, image: bytes) -> None: ...


@pytest.mark.slow  # the host imports torch and transformers; others have hosts with torch
async def test_in_a_real_host(
    backend: MakeBackend, context: InProcessContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await backend().score(asked(context), context)
    hosts = ModelHosts(HostSettings(devices=["cpu"]))
    monkeypatch.setattr(score, "LOADER", LOADER)

    async def infer(task: Task) -> Any:
        return await hosts.infer(task, _Unheard())

    monkeypatch.setattr(context, "infer", infer)
    try:
        there = await backend().score(asked(context), context)
    finally:
        hosts.close()
    for one, other in zip(here.columns, there.columns, strict=True):
        assert one.scorer == other.scorer
        assert [m.raw for m in one.marks] == pytest.approx([m.raw for m in other.marks], abs=2e-5)


# -- what it lacks --------------------------------------------------------------------------------


def test_with_all_weights_there_nothing_is_missing(backend: MakeBackend) -> None:
    assert backend(scorers=[*FOUR, "hpsv2", "imagereward"]).missing() == []


def test_weights_that_are_not_there_are_named_with_the_command_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    missing = LocalScorers(LocalSettings()).missing()
    assert {item.reason for item in missing} == {"weights"}
    pickscore = next(item for item in missing if "PickScore_v1" in item.what)
    assert pickscore.remedy.startswith("Run: safelight models pull pickscore ")
    assert {item.remedy for item in missing} == {pickscore.remedy}, "one command fetches all"


def test_packages_that_are_not_there_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name)
    )
    (missing,) = LocalScorers(LocalSettings()).missing()
    assert (missing.what, missing.reason) == ("the package torch", "backend")
    assert "[local]" in missing.remedy


def test_saying_what_is_missing_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from engine.backends.local import FAMILY;"
        "FAMILY.factories['score'](FAMILY.settings(), {}).missing();"
        "print([m for m in ('torch', 'transformers', 'open_clip', 'numpy', 'PIL') "
        "if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"HF_HOME": str(tmp_path), "PATH": "", "HOME": str(tmp_path)},
        cwd=Path(__file__).parents[3],
    )
    assert found.stdout.strip() == "[]"


# -- settings -------------------------------------------------------------------------------------


def test_it_is_known_by_its_name() -> None:
    catalog = EntryPointCatalog()
    assert catalog.family("local") is FAMILY
    made = catalog.backend("score", "local", {"scorers": "aesthetic, pickscore"}, {})
    assert isinstance(made.info, ScoreInfo)
    assert made.info.metrics == ("aesthetic", "pickscore")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("scorers", "pickscore,pickscore"),
        ("scorers", []),
        ("scorers", ["beauty"]),
        ("pickscore", "models/pick/score"),
        ("clipscore", "../../etc/passwd\x1b"),
        ("aesthetic", "org/without-a-file"),
        ("aesthetic_sha256", "abc"),
        ("hpsv2_architecture", "a/b"),
        ("precision", "int8"),
        ("device", "/dev/sda"),
        ("batch", 0),
    ],
)
def test_wrong_settings_are_refused(setting: str, value: object) -> None:
    with pytest.raises(BackendSettingsError, match=f"Backend local, {setting}"):
        EntryPointCatalog().backend_settings("local", {setting: value})


async def test_the_device_is_the_hosts_to_find(
    backend: MakeBackend, context: InProcessContext
) -> None:
    await backend(device="cpu").score(asked(context, "aesthetic"), context)
    assert context.tasks[0].model.device == "cpu"


def test_paths_are_those_of_where_they_were_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The engine works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    made = LocalSettings(pickscore="./pick", clipscore="open_clip:./c", aesthetic="~/head.pth")
    assert made.pickscore == f"{tmp_path}/pick"
    assert made.clipscore == f"open_clip:{tmp_path}/c"
    assert made.aesthetic == "/home/me/head.pth"


def test_what_wants_other_weights_has_another_lane(backend: MakeBackend) -> None:
    """A lane is blocked as a whole: who lacks no weights must not wait for those of others."""
    usual = LocalScorers(LocalSettings())
    assert usual.info.lane == "local" == LocalScorers(LocalSettings(precision="fp32")).info.lane
    lanes = [
        usual.info.lane,
        backend().info.lane,
        backend(vqascore="/elsewhere").info.lane,
        backend(scorers=["clipscore"]).info.lane,
    ]
    assert len(set(lanes)) == len(lanes)
    assert all(lane == "local" or lane.startswith("local:") for lane in lanes)


def test_weights_that_were_changed_in_place_are_another_version(
    backend: MakeBackend, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"1")
    made = {
        name: backend(**{name: f"{prefix}{tmp_path}"}).info.version
        for name, prefix in (("vqascore", ""), ("clipscore", "open_clip:"))
    }
    (tmp_path / "model.safetensors").write_bytes(b"22")
    changed = {backend(vqascore=str(tmp_path)).info.version: "vqascore"}
    assert made["vqascore"] not in changed
    assert backend(clipscore=f"open_clip:{tmp_path}").info.version != made["clipscore"]
    assert str(tmp_path) not in made["vqascore"], "what is kept and shown has no paths in it"


def test_what_numbers_depend_on_is_in_the_version(backend: MakeBackend) -> None:
    """It is in the fingerprint of every step, so that a changed setting is a new step."""
    usual = backend().info.version
    same: list[dict[str, Any]] = [
        {"offline": True},
        {"concurrency": 2},
        {"batch": 4},
        {"device": "cpu"},
    ]
    other: list[dict[str, Any]] = [
        {"precision": "bf16"},
        {"vqascore_answer": "yes"},
        {"pickscore": "/elsewhere"},
        {"aesthetic_sha256": "0" * 64},
        {"similarity": "/elsewhere"},
        {"scorers": ["pickscore"]},
    ]
    assert {backend(**change).info.version for change in same} == {usual}
    assert usual not in {backend(**change).info.version for change in other}
    assert backend(hpsv2="/elsewhere").info.version == usual, "it is not among the scorers"
