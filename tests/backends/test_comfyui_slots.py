"""Slots of a user's workflow that a request's values go to, and its result image."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine.backends.comfyui import ComfySettings
from engine.backends.comfyui.image import ComfyImages
from engine.backends.comfyui.outcome import file_of
from engine.backends.comfyui.states import PromptFinished
from engine.backends.comfyui.workflow import Workflow
from engine.backends.common.failures import Account
from engine.client.workspace import Workspace
from engine.contract import ImageRequest, Permanent
from engine.queueing.overrides import QueueError
from engine.queueing.plan import QueueOptions
from engine.queueing.queue import NOTE
from engine.testing.context import MemoryContext
from tests.support.providers.comfyui import ComfyUI
from tests.support.providers.server import ProviderServer

Graph = dict[str, dict[str, Any]]


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def plain(**more: dict[str, Any]) -> Graph:
    """The graph that ComfyUI begins with, and more nodes, or others in place of its own."""
    own = {
        "3": node(
            "KSampler",
            seed=1,
            steps=20,
            cfg=7.0,
            denoise=1.0,
            sampler_name="euler",
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="sd15.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=512, batch_size=1),
        "6": node("CLIPTextEncode", text="a castle", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", images=["8", 0], filename_prefix="x"),
    }
    return own | {name.removeprefix("n"): made for name, made in more.items()}


def flux() -> Graph:
    """A guider, noise and sigmas as nodes of their own, as Flux has them."""
    return plain(
        n3=node(
            "SamplerCustomAdvanced",
            noise=["25", 0],
            guider=["22", 0],
            sampler=["16", 0],
            sigmas=["17", 0],
            latent_image=["27", 0],
        ),
        n6=node("CLIPTextEncodeFlux", clip_l="a", t5xxl="a castle", guidance=3.5, clip=["11", 0]),
        n16=node("KSamplerSelect", sampler_name="euler"),
        n17=node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["12", 0]),
        n12=node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
        n11=node("DualCLIPLoader", clip_name1="t5.safetensors", clip_name2="l.safetensors"),
        n22=node("BasicGuider", model=["12", 0], conditioning=["26", 0]),
        n25=node("RandomNoise", noise_seed=7),
        n26=node("FluxGuidance", conditioning=["6", 0], guidance=3.5),
        n27=node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
    )


def read(tmp_path: Path, content: Any, **settings: Any) -> Workflow:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(content))
    return ComfySettings(workflow=str(file), **settings).filled_workflow


USUAL = {"prompt": ["6.text"], "negative": ["7.text"], "seed": ["3.seed"]}
SIZE = {"width": ["5.width"], "height": ["5.height"]}

FOUND: dict[str, tuple[Graph, dict[str, Any]]] = {
    "plain": (plain(), USUAL | SIZE | {"checkpoint": ["4.ckpt_name"], "steps": ["3.steps"]}),
    "reroutes": (
        plain(
            n6=node("Reroute", **{"": ["61", 0]}),
            n61=node("ConditioningSetTimestepRange", conditioning=["60", 0], start=0.0),
            n60=node("CLIPTextEncode", text="a castle", clip=["4", 1]),
        ),
        {"prompt": ["60.text"], "negative": ["7.text"]},
    ),
    "combined": (
        plain(
            n6=node("ConditioningCombine", conditioning_1=["60", 0], conditioning_2=["61", 0]),
            n60=node("CLIPTextEncode", text="a castle", clip=["4", 1]),
            n61=node("CLIPTextEncode", text="oil on canvas", clip=["4", 1]),
        ),
        {"prompt": ["60.text", "61.text"], "negative": ["7.text"]},
    ),
    "controlnet": (
        plain(
            n3=node(
                "KSamplerAdvanced",
                noise_seed=1,
                positive=["50", 0],
                negative=["50", 1],
                latent_image=["5", 0],
            ),
            n50=node(
                "ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], image=["51", 0]
            ),
            n51=node("LoadImage", image="pose.png"),
        ),
        {"prompt": ["6.text"], "negative": ["7.text"], "seed": ["3.noise_seed"]}
        | {"reference": ["51.image"]},
    ),
    "strings": (
        plain(
            n6=node("CLIPTextEncode", text=["40", 0], clip=["4", 1]),
            n40=node("StringConcatenate", string_a=["41", 0], string_b=", oil", delimiter=""),
            n41=node("PrimitiveStringMultiline", value="a castle"),
        ),
        {"prompt": ["41.value"]},
    ),
    "numbers": (
        plain(
            n5=node("EmptyLatentImage", width=["42", 0], height=["43", 0], batch_size=1),
            n42=node("PrimitiveInt", value=512),
            n43=node("PrimitiveInt", value=768),
        ),
        {"width": ["42.value"], "height": ["43.value"]},
    ),
    "one-number": (
        plain(
            n5=node("EmptyLatentImage", width=["42", 0], height=["42", 0], batch_size=1),
            n42=node("PrimitiveInt", value=512),
        ),
        {"width": None, "height": None},
    ),
    "flux": (
        flux(),
        {"prompt": ["6.clip_l", "6.t5xxl"], "negative": None, "seed": ["25.noise_seed"]}
        | {"width": ["27.width"], "height": ["27.height"], "steps": ["17.steps"]}
        | {"checkpoint": ["12.unet_name"]},
    ),
    "emptied": (
        plain(n7=node("ConditioningZeroOut", conditioning=["6", 0])),
        {"prompt": ["6.text"], "negative": None},
    ),
    "upscaled": (
        plain(
            n9=node("SaveImage", images=["30", 0]),
            n30=node("ImageScale", image=["8", 0], width=2048, height=2048, crop="disabled"),
        ),
        {"width": ["30.width"], "height": ["30.height"]}
        | {"base_width": ["5.width"], "base_height": ["5.height"]},
    ),
    "no-sampler": (
        {
            "1": node("MakesImages", prompt="x", negative_prompt="y", seed=3),
            "9": node("SaveImage", images=["1", 0]),
        },
        {"prompt": ["1.prompt"], "negative": ["1.negative_prompt"], "seed": ["1.seed"]},
    ),
    "loader": (
        plain(
            n6=node("Efficient Loader", positive="a castle", negative="blurry", ckpt_name="a"),
            n3=node("KSampler (Efficient)", seed=1, positive=["6", 1], negative=["6", 2]),
        ),
        {"prompt": ["6.positive"], "negative": ["6.negative"]},
    ),
    "loop": (
        plain(n6=node("Reroute", **{"": ["61", 0]}), n61=node("Reroute", **{"": ["6", 0]})),
        {"negative": ["7.text"]},
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_places_are_found_by_following_the_graph(tmp_path: Path, name: str):
    graph, expected = FOUND[name]
    slots: dict[Any, Any] = {**read(tmp_path, graph).slots}
    assert {slot: slots.get(slot) for slot in expected} == expected


@pytest.mark.parametrize("wrap", [lambda g: g, lambda g: {"prompt": g, "client_id": "me"}])
def test_what_was_posted_is_the_same_workflow_as_what_was_exported(tmp_path: Path, wrap):
    assert read(tmp_path, wrap(plain())).fingerprint == read(tmp_path, plain()).fingerprint


def test_names_with_dots_are_places(tmp_path: Path):
    graph = plain(n20=node("V3", **{"model": "m", "model.prompt": "old"}))
    filled = read(tmp_path, graph, slots={"prompt": "20.model.prompt"}).filled({"prompt": "new"})
    assert filled["20"]["inputs"] == {"model": "m", "model.prompt": "new"}


def test_what_is_declared_comes_before_what_is_found(tmp_path: Path):
    content = {"graph": plain(), "slots": {"negative": [], "seed": "5.batch_size"}}
    workflow = read(tmp_path, content, slots={"prompt": ["7.text"]})
    assert workflow.slots["prompt"] == ["7.text"]
    assert (workflow.slots["negative"], workflow.slots["seed"]) == ([], ["5.batch_size"])
    assert workflow.slots["width"] == ["5.width"]
    sizes = read(tmp_path, {"graph": plain(), "slots": {"width": "5.width"}}).slots
    assert "height" not in sizes


def test_a_batch_keeps_the_places_that_it_was_queued_with(tmp_path: Path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(plain()))
    stored = ComfySettings(workflow=str(file)).model_dump(mode="json")
    assert ComfySettings.model_validate(stored).model_dump(mode="json") == stored
    stored["workflow"]["slots"] = {}  # as an earlier Safelight kept it
    made = ComfyImages(ComfySettings.model_validate(stored))
    assert made.workflow.slots == {}
    assert "no place for the prompt" in made.refusal()


def several(tmp_path: Path, **settings: Any) -> ComfyImages:
    graph = plain(
        n2=node("SaveImage", images=["20", 0]),
        n20=node("ImageScaleBy", image=["8", 0], scale_by=0.1),
        n10=node("PreviewImage", images=["8", 0]),
    )
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(graph))
    return ComfyImages(ComfySettings(workflow=str(file), **settings))


def test_of_several_images_the_result_has_to_be_named(tmp_path: Path):
    assert "9 (SaveImage), 2 (SaveImage)" in several(tmp_path).refusal()
    for output in ("2", 9, "10"):
        made = several(tmp_path, output=output)
        assert (made.refusal(), made.workflow.output) == ("", str(output))
    with pytest.raises(ValidationError, match=r"no node '77' .* 9 \(SaveImage\), 2"):
        several(tmp_path, output="77")


def test_a_preview_is_the_result_only_where_nothing_is_saved(tmp_path: Path):
    assert read(tmp_path, plain(n10=node("PreviewImage", images=["8", 0]))).output == "9"
    assert read(tmp_path, plain(n9=node("PreviewImage", images=["8", 0]))).output == "9"


@pytest.mark.parametrize("order", [("2", "9"), ("9", "2")])
def test_the_order_of_a_reply_never_says_which_image_is_taken(order):
    images = {id_: {"images": [{"filename": id_, "type": "output"}]} for id_ in order}
    account = Account("comfyui")
    graph = plain(n2=node("SaveImage", images=["8", 0]))
    named = Workflow.model_validate({"graph": graph, "output": "9"})
    any_ = Workflow.model_validate({"graph": graph})
    assert file_of(account, PromptFinished(images), named)[0] == "9"
    with pytest.raises(Permanent, match="several nodes: 2, 9"):
        file_of(account, PromptFinished(images), any_)
    images["2"]["images"][0]["type"] = "temp"
    assert file_of(account, PromptFinished(images), any_)[0] == "9"


async def test_an_early_batch_without_a_place_fails_before_anything_is_sent():
    comfy = ComfyUI()
    with ProviderServer(comfy) as server:
        workflow = Workflow.model_validate({"name": "mine", "graph": plain(), "output": "9"})
        made = ComfyImages(ComfySettings(base_url=server.url, workflow=workflow))
        asked = ImageRequest(prompt="x", seed=1, width=64, height=64)
        with pytest.raises(Permanent, match="no place for the prompt"):
            await made.generate(asked, MemoryContext())
    assert comfy.executions == []


# -- through the command line's door ---------------------------------------------------------------


def queued(tmp_path: Path, graph: Graph, **settings: Any) -> tuple[Workspace, str]:
    workspace = Workspace(tmp_path / "work", create=True)
    (tmp_path / "mine.json").write_text(json.dumps(graph))
    (tmp_path / "p.txt").write_text("a red barn\na blue boat\n")
    given = {"image": "comfyui", "comfyui.workflow": str(tmp_path / "mine.json"), **settings}
    return workspace, workspace.queue(
        "refine", tmp_path / "p.txt", options=QueueOptions(overrides=given)
    )


def kept(workspace: Workspace) -> dict[str, Any]:
    with workspace.reading() as connection:
        (row,) = connection.execute("SELECT snapshot FROM batches")
    return json.loads(row[0])["backends"]["image"]["settings"]


def test_a_workflow_without_a_place_for_the_prompt_is_not_queued(tmp_path: Path):
    graph = {
        "1": node("LoadImage", image="a.png"),
        "9": node("SaveImage", images=["1", 0]),
        "7": node("CLIPTextEncode", text="", clip=["4", 1]),
    }
    with pytest.raises(QueueError, match=r"no place for the prompt.*7\.text"):
        queued(tmp_path, graph)


def test_slots_are_set_one_by_one_over_those_of_the_workspace(tmp_path: Path):
    (tmp_path / "work").mkdir()
    toml = '[backends.comfyui.slots]\nprompt = "7.text"\nnegative = ["6.text"]\n'
    (tmp_path / "work" / "safelight.toml").write_text(toml)
    workspace, _ = queued(tmp_path, plain(), **{"comfyui.slots.prompt": "6.text, 7.text"})
    assert kept(workspace)["slots"] == {"prompt": ["6.text", "7.text"], "negative": ["6.text"]}


@pytest.mark.parametrize("both", [("slots", "slots.prompt"), ("slots.prompt", "slots")])
def test_a_setting_is_not_set_as_a_whole_and_by_its_entries(tmp_path: Path, both):
    given = {f"comfyui.{name}": "6.text" for name in both}
    with pytest.raises(QueueError, match="as a whole"):
        queued(tmp_path, plain(), **given)


def test_what_has_no_place_is_said_once_for_a_batch(tmp_path: Path):
    workspace, batch = queued(
        tmp_path, plain(), **{"comfyui.slots.negative": "", "comfyui.slots.seed": ""}
    )
    with workspace.reading() as connection:
        said = [r[0] for r in connection.execute("SELECT message FROM events WHERE type=?", [NOTE])]
    assert said == ["The workflow mine has no place for the negative prompt, the seed."]
    assert batch == "b1"
