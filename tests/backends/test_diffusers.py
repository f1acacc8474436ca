"""The backend `diffusers` in one process: settings, identity, what is missing, images."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from engine.backends.diffusers import DiffusersSettings
from engine.backends.diffusers.image import DiffusersImages
from engine.contract import Artifact, ImageRequest, Permanent, Retryable, StepError, Task
from engine.imaging import lineage
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext

SDXL = "stabilityai/stable-diffusion-xl-base-1.0"


def backend(**settings: Any) -> DiffusersImages:
    return DiffusersImages(DiffusersSettings(**settings))


def request(**fields: Any) -> ImageRequest:
    usual = {"prompt": "a red barn", "seed": 7, "width": 64, "height": 64}
    return ImageRequest(**{**usual, **fields})


class FakeContext(MemoryContext):
    """Answers tasks with one colour, and remembers them."""

    def __init__(self, answer: Any = None) -> None:
        super().__init__()
        self.tasks: list[Task] = []
        self.kept: list[bytes] = []
        self.answer = answer
        self.images: dict[str, bytes] = {}

    def artifact(self, data: bytes) -> Artifact:
        hash_ = f"{len(self.images):064x}"
        self.images[hash_] = data
        return Artifact(hash=hash_, media_type="image/png", size=len(data))

    async def read(self, artifact: Artifact) -> bytes:
        return self.images[artifact.hash]

    async def infer(self, task: Task) -> Any:
        self.tasks.append(task)
        if isinstance(self.answer, StepError):
            raise self.answer
        wide, high = task.payload["width"], task.payload["height"]
        return {"rgb": b"\x10\x20\x30" * (wide * high), "width": wide, "height": high}

    async def _compute(self, function: Any, args: tuple[Any, ...]) -> Any:
        return await asyncio.to_thread(function, *args)

    async def keep(self, data: bytes, role: str = "result", *, kind: str | None = None) -> Artifact:
        assert role == "image"
        self.kept.append(data)
        return Artifact(hash="0" * 64, media_type="image/png", size=len(data))

    def progress(self, fraction: float | None, message: str = "") -> None:
        pass


# -- settings and identity --------------------------------------------------------------------


def test_the_defaults_are_sdxl_base_by_thirty_steps() -> None:
    made = EntryPointCatalog().backend("image", "diffusers", {}, {})
    assert (made.info.name, made.info.model, made.info.version) == ("diffusers", SDXL, "1")
    assert made.info.limits.concurrency == 8
    assert isinstance(made, DiffusersImages)
    assert (made.settings.steps, made.settings.cfg) == (30, 7.5)


def test_settings_survive_the_store() -> None:
    settings = DiffusersSettings(loras="org/style:s.safetensors*0.5", model="~/models/sdxl")
    stored = settings.model_dump(mode="json")
    assert DiffusersSettings.model_validate(stored) == settings
    assert Path(settings.model).is_absolute()


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("./a.safetensors*0.5, org/x:f.safetensors", [("a.safetensors", 0.5), (":f.", 1.0)]),
        (["/loras/a.safetensors"], [("/loras/a.safetensors", 1.0)]),
        ('[{"source": "/a", "weight": -0.3}]', [("/a", -0.3)]),
        ('["/a*2"]', [("/a", 2.0)]),
        ("", []),
    ],
)
def test_loras_as_they_may_be_written(written: Any, found: list[tuple[str, float]]) -> None:
    loras = DiffusersSettings(loras=written).loras
    assert len(loras) == len(found)
    for lora, (source, weight) in zip(loras, found, strict=True):
        assert source in lora.source
        assert lora.weight == weight


@pytest.mark.parametrize(
    "wrong",
    [
        {"loras": "org/name"},
        {"loras": "org/name:pickled.bin"},
        {"loras": "[not json"},
        {"loras": "/a*much"},
        {"loras": 7},
        {"model": "https://example.com/x.safetensors"},
        {"model": "../../etc/passwd\x1b[0m"},
        {"scheduler": "dpm++-sde"},
        {"scheduler": "ddim", "karras": True},
        {"ip_adapter_weights": "../up.safetensors"},
        {"ip_adapter_weights": "/abs.safetensors"},
        {"ip_adapter_weights": "pickled.bin"},
        {"ip_adapter_encoder": "a/../../b"},
        {"variant": "../x"},
        {"device": "tpu"},
        {"strength": 0},
        {"unknown": 1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DiffusersSettings(**wrong)


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": 20},
        {"cfg": 5},
        {"scheduler": "euler-a"},
        {"karras": True},
        {"dtype": "fp32"},
        {"variant": "fp16"},
        {"vae_tiling": True},
        {"strength": 0.5},
        {"refiner": "org/refiner"},
        {"refiner": "org/refiner", "refiner_at": 0.7},
        {"vae": "org/vae"},
        {"config": "org/config"},
        {"loras": "org/style:s.safetensors"},
        {"loras": "org/style:s.safetensors*0.5"},
        {"reference": "none"},
        {"reference": "ip-adapter"},
        {"reference": "ip-adapter", "ip_adapter": "org/other"},
        {"reference": "ip-adapter", "ip_adapter_scale": 0.3},
        {"model": "org/other"},
        {"model": f"{SDXL}@main"},
    ],
)
def test_what_changes_an_image_is_in_the_identity(changed: dict[str, Any]) -> None:
    usual, other = backend(), backend(**changed)
    assert (usual.info.model, usual.info.version) != (other.info.model, other.info.version)


def test_each_combination_is_another_version() -> None:
    ways: list[dict[str, Any]] = [
        {"refiner": "org/refiner"},
        {"refiner": "org/refiner", "refiner_at": 0.7},
        {"loras": "org/style:s.safetensors"},
        {"loras": "org/style:s.safetensors*0.5"},
        {"reference": "ip-adapter", "ip_adapter": "org/other"},
        {"reference": "ip-adapter"},
        {"reference": "ip-adapter", "strength": 0.2},
    ]
    versions = [backend(**way).info.version for way in ways]
    assert versions[-1] == versions[-2]  # strength is img2img's alone
    assert len(set(versions)) == len(ways) - 1


@pytest.mark.parametrize(
    "changed",
    [
        {"batch": 8},
        {"device": "cpu"},
        {"concurrency": 3},
        {"preview_every": 0},
        {"offline": True},
        {"loras": "org/style:s.safetensors*0"},
        {"refiner_at": 0.5},
    ],
)
def test_what_does_not_is_not(changed: dict[str, Any]) -> None:
    usual, other = backend(), backend(**changed)
    assert (usual.info.model, usual.info.version) == (other.info.model, other.info.version)


def test_local_weights_are_told_apart_by_their_files_and_name_no_place(tmp_path: Path) -> None:
    folder = tmp_path / "secret-home/sdxl"
    folder.mkdir(parents=True)
    before = backend(model=str(folder)).info.model
    assert before.startswith("sdxl#")
    (folder / "unet.safetensors").write_bytes(b"weights")
    with_weights = backend(model=str(folder)).info.model
    assert with_weights != before
    assert backend(model=str(folder)).info.model == with_weights
    assert "secret-home" not in with_weights
    (folder / "unet.safetensors").write_bytes(b"other weights")
    assert backend(model=str(folder)).info.model != with_weights


def test_what_wants_other_weights_has_another_lane(tmp_path: Path) -> None:
    """A lane is blocked as a whole: one misspelt LoRA must not hold up whoever has none."""
    assert backend().info.lane == f"diffusers:{SDXL}" == backend(steps=2, cfg=3, batch=8).info.lane
    style = "org/style:s.safetensors"
    ways: list[dict[str, Any]] = [
        {},
        {"model": str(tmp_path / "a/sdxl")},
        {"model": str(tmp_path / "b/sdxl")},
        {"loras": style},
        {"loras": "org/stile:s.safetensors"},
        {"refiner": "org/refiner"},
        {"reference": "ip-adapter"},
        {"reference": "ip-adapter", "ip_adapter_weights": "models/other.safetensors"},
    ]
    assert len({backend(**way).info.lane for way in ways}) == len(ways)
    assert backend(loras=f"{style}*0.5").info.lane == backend(loras=style).info.lane
    before = backend(model=str(tmp_path)).info.lane
    (tmp_path / "unet.safetensors").write_bytes(b"weights")
    assert backend(model=str(tmp_path)).info.lane == before, "who waits for weights waits here"
    assert str(tmp_path.parent) not in before


# -- what is missing --------------------------------------------------------------------------


def test_missing_weights_are_named_with_the_command_that_fetches_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.backends.diffusers.packages.has_package", lambda name: True)
    lacks = backend(
        model="nobody/model", refiner="nobody/refiner", loras="nobody/style:s.safetensors"
    ).missing()
    assert [item.reason for item in lacks] == ["weights"] * 3
    names = ("diffusers", "diffusers.refiner", "diffusers.lora-1")
    assert all(f"the weights {name} " in item.what for item, name in zip(lacks, names, strict=True))
    assert {item.remedy for item in lacks} == {f"Run: safelight models pull {' '.join(names)}."}


def test_missing_packages_are_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "engine.backends.diffusers.packages.has_package", lambda name: name != "peft"
    )
    assert not [m for m in backend(model="nobody/model").missing() if "package" in m.what]
    (lack,) = backend(model="nobody/model", loras="nobody/style:s.safetensors").missing()
    assert lack.what == "the package peft"
    assert "[local]" in lack.remedy


def test_weights_of_all_parts_are_wanted_by_names_of_their_own() -> None:
    wanted = backend(
        model="/models/one.safetensors",
        vae="org/vae",
        refiner="org/refiner",
        loras="org/a:a.safetensors, org/b:b.safetensors",
        reference="ip-adapter",
    ).weights()
    names = [item.name for item in wanted]
    assert names == [
        "diffusers",
        "diffusers.config",
        "diffusers.vae",
        "diffusers.refiner",
        "diffusers.ip-adapter",
        "diffusers.lora-1",
        "diffusers.lora-2",
    ]
    assert wanted[1].source == SDXL
    assert not wanted[1].has_weights
    assert all(not pattern.endswith((".bin", ".ckpt")) for w in wanted for pattern in w.files)


# -- a call -----------------------------------------------------------------------------------


async def test_an_image_is_kept_with_its_lineage() -> None:
    context, made = FakeContext(), backend(steps=12)
    image = await made.generate(request(negative_prompt="blur"), context)
    assert image.seed == 7
    found = lineage.read(context.kept[0])
    assert found is not None
    assert (found.prompt, found.negative_prompt, found.seed) == ("a red barn", "blur", 7)
    assert (found.backend, found.model, found.version) == ("diffusers", SDXL, "1+steps=12")
    decoded = Image.open(io.BytesIO(context.kept[0]))
    assert decoded.getpixel((3, 3)) == (0x10, 0x20, 0x30)


async def test_requests_that_fit_together_have_one_model_and_group() -> None:
    context, made = FakeContext(), backend()
    await made.generate(request(prompt="one", seed=1), context)
    await made.generate(request(prompt="two", seed=2), context)
    await made.generate(request(width=128), context)
    first, second, wide = context.tasks
    assert (first.model, first.group) == (second.model, second.group)
    assert wide.model == first.model
    assert wide.group != first.group
    other = FakeContext()
    await backend(cfg=3, steps=9, loras="org/a:a.safetensors").generate(request(), other)
    assert other.tasks[0].model == first.model  # loaded once, whatever it is asked
    assert other.tasks[0].group != first.group


async def test_a_reference_goes_along_as_the_settings_say() -> None:
    context = FakeContext()
    references = [context.artifact(data) for data in (b"first", b"second")]
    one = request(reference=references[0])
    two = request(reference=references[0], more_references=(references[1],))
    await backend().generate(one, context)
    assert context.tasks[-1].payload["references"] == (b"first",)
    assert context.tasks[-1].payload["sampling"]["following"] == "img2img"
    assert lineage.read(context.kept[-1]).reference == references[0].hash
    with pytest.raises(Permanent, match="2 reference images"):
        await backend().generate(two, context)
    await backend(reference="ip-adapter").generate(two, context)
    assert context.tasks[-1].payload["references"] == (b"first", b"second")
    told = lineage.read(context.kept[-1])
    assert (told.reference, told.more_references) == (references[0].hash, (references[1].hash,))
    await backend(reference="none").generate(two, context)
    assert context.tasks[-1].payload["references"] == ()
    assert context.tasks[-1].payload["sampling"]["following"] is None
    assert lineage.read(context.kept[-1]).reference is None


async def test_a_failure_of_the_host_is_the_calls_own() -> None:
    with pytest.raises(Retryable, match="died"):
        await backend().generate(request(), FakeContext(Retryable("The host died.")))


async def test_a_layout_is_sent_only_with_a_controlnet() -> None:
    context = FakeContext()
    layout = context.artifact(b"layout")
    laid_out = request(control=layout)
    await backend(controlnet="org/canny", control_scale=0.5).generate(laid_out, context)
    await backend().generate(laid_out, context)
    with_net, without = (task.payload for task in context.tasks)
    assert with_net["control"] == b"layout"
    assert with_net["sampling"]["control_scale"] == 0.5
    assert without["control"] == b""
    assert backend(controlnet="org/canny").info.takes_control
    assert not backend().info.takes_control


def test_controlnets_and_upscalers_are_named_among_the_weights() -> None:
    settings = {"controlnet": "org/depth", "control": "depth", "upscale": "org/x:net.safetensors"}
    names = [one.name for one in backend(**settings).weights()]
    assert names == [
        "diffusers", "diffusers.controlnet", "diffusers.depth", "diffusers.upscale",
    ]  # fmt: skip
    assert backend(upscale="org/x:net.safetensors").info.version != backend().info.version
    with pytest.raises(ValidationError, match="safetensors"):
        DiffusersSettings(upscale="org/x:net.pth")


def test_a_request_without_a_layout_is_stored_as_before() -> None:
    assert "control" not in request().model_dump()
    laid_out = request(control=Artifact(hash="1" * 64, media_type="image/png", size=1))
    assert laid_out.suited_to(backend().info).control is None
    assert laid_out.suited_to(backend(controlnet="org/canny").info).control is not None
