"""Subjects of scenes: their names, their descriptions in prompts, and what a shot follows."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from db.queries.history import events_after
from engine.contract import CallContext, ImageRequest
from engine.contract.chat.answers import PromptAnswer
from engine.recipes.storyboard.agents.cinematographer import CINEMATOGRAPHER, Shot, ShotRequest
from engine.recipes.storyboard.agents.scene_writer import (
    SCENE_WRITER,
    Scenes,
    ScenesRequest,
    script_of,
)
from engine.recipes.storyboard.agents.scene_writer import scenes as finished
from engine.recipes.storyboard.film import Film, PlannedScene, Subject, carrying
from engine.recipes.storyboard.results import Storyboard
from engine.recipes.storyboard.rules.casting import cast
from tests.support import films
from tests.support.films import Crew, Shooting, png_of

pytestmark = pytest.mark.usefixtures("one_process")

MARA = Subject(name="Mara", kind="person", description="a woman with a red headscarf")
CUP = Subject(name="the cup", kind="product", description="a cream cup with a blue rim")
SHOWN: Sequence[tuple[str, ...]] = ((), ("Mara",), ("the cup",), ("Mara", "the cup"))
ENTRY = """
id: film
scenes:
  - {prompt: A harbour at dawn, subjects: []}
  - {prompt: Mara opens the door}
  - {prompt: Steam rises from THE CUP}
  - {prompt: Mara lifts the cup}
subjects:
  - {name: Mara, kind: person, description: a woman with a red headscarf}
  - {name: the cup, kind: product, description: a cream cup with a blue rim}
"""


@pytest.fixture
def naming(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene writer that names two subjects."""

    async def write_scenes(
        self: films.Writer, request: ScenesRequest, _context: CallContext
    ) -> Scenes:
        self.hear(request)
        scenes = tuple(
            PlannedScene(prompt=f"part {n}", duration=4, subjects=names)
            for n, names in enumerate(SHOWN, 1)
        )
        return Scenes(scenes=scenes, author="crew", subjects=(MARA, CUP))

    async def write_shot(self: films.Writer, request: ShotRequest, _context: CallContext) -> Shot:
        self.hear(request)
        turn = f"{request.scene.prompt}; shot {len(request.drafts) + 1}, low angle"
        answer = PromptAnswer(reason="so", prompt=turn)
        written: Shot = CINEMATOGRAPHER.finish(answer, request, "crew")
        return written

    monkeypatch.setattr(films.Writer, "write_scenes", write_scenes)
    monkeypatch.setattr(films.Writer, "write_shot", write_shot)


def result(shooting: Shooting) -> Storyboard:
    job = shooting.job()
    assert job.state == "done", job.message
    return Storyboard.model_validate_json(job.result or "")


def asked(shooting: Shooting) -> dict[int, ImageRequest]:
    """The request for the first image of each scene, by the scene's number."""
    requests = {}
    for step in shooting.steps():
        if step.key.endswith("variation-1/generate") and step.superseded_at is None:
            number = int(step.key.partition("/")[0].removeprefix("scene-"))
            requests[number] = ImageRequest.model_validate_json(step.request)
    return requests


def followed(shooting: Shooting) -> dict[int, list[str]]:
    """References of each scene: names of files of the workspace, or the scenes they are of."""
    names = {scene.image.hash: str(scene.number) for scene in result(shooting).scenes}
    entry = json.loads(shooting.job().input)
    for subject in entry.get("subjects", ()):
        for number, image in enumerate(subject.get("references", ()), 1):
            names[image["hash"]] = f"{subject['name']}-{number}"
    return {
        number: [names[one.hash] for one in (request.reference, *request.more_references) if one]
        for number, request in asked(shooting).items()
    }


def document_of(shooting: Shooting) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((shooting.folder / "storyboard.json").read_text())
    return document


@pytest.mark.usefixtures("naming")
def test_the_scene_writer_names_subjects_and_prompts_describe_those_they_show(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run("id: film\nprompt: coffee\ntarget_duration: 15\n", num_variations=1)
    assert [scene.subjects for scene in result(shooting).scenes] == list(SHOWN)
    for number, request in asked(shooting).items():
        for subject in (MARA, CUP):
            is_shown = subject.name in SHOWN[number - 1]
            assert (subject.description in request.prompt) == is_shown
    plan = document_of(shooting)["storyboard_plan"]
    assert [(one["name"], one["kind"], one["scenes"]) for one in plan["subjects"]] == [
        ("Mara", "person", [2, 4]),
        ("the cup", "product", [3, 4]),
    ]
    assert [scene["subjects"] for scene in plan["scenes"]] == [list(names) for names in SHOWN]


def test_a_scene_of_the_entry_shows_those_that_it_names(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, preset="simple")
    assert [scene.subjects for scene in result(shooting).scenes] == list(SHOWN)
    prompts = [request.prompt for _, request in sorted(asked(shooting).items())]
    assert prompts[0] == "A harbour at dawn."
    assert prompts[1] == "Mara opens the door. Mara: a woman with a red headscarf."


@pytest.mark.parametrize(
    ("takes", "expected"),
    [
        (8, {1: [], 2: ["1"], 3: ["1"], 4: ["2", "3"]}),
        (1, {1: [], 2: ["1"], 3: ["1"], 4: ["2"]}),
    ],
)
def test_no_reference_is_spent_on_somebody_who_is_not_in_the_scene(
    tmp_path: Path, takes: int, expected: Mapping[int, Sequence[str]]
):
    shooting = Shooting(tmp_path, Crew(max_references=takes))
    shooting.run(ENTRY, preset="simple")
    assert followed(shooting) == expected
    scene = document_of(shooting)["storyboard_plan"]["scenes"][2]
    assert [(one["followed"], one["scene"], one["reason"]) for one in scene["references"]] == [
        (True, 1, "The image of scene 1."),
        (False, 2, "It shows Mara, not in this scene."),
    ]
    assert scene["follows"] == [scene["references"][0]["artifact"]]


def test_images_of_a_subject_come_first_and_only_where_it_is_shown(tmp_path: Path):
    for name, colour in (("mara", (9, 9, 9)), ("side", (8, 8, 8)), ("cup", (7, 7, 7))):
        (tmp_path / f"{name}.png").write_bytes(png_of(colour))
    shooting = Shooting(tmp_path, Crew(max_references=4))
    shooting.run(
        f"{ENTRY}references: {{Mara: [mara.png, side.png], the cup: cup.png}}\n", preset="simple"
    )
    assert followed(shooting) == {
        1: [],
        2: ["Mara-1", "1", "Mara-2"],
        3: ["the cup-1", "1"],
        4: ["Mara-1", "the cup-1", "3", "Mara-2"],
    }
    [mara, cup] = document_of(shooting)["storyboard_plan"]["subjects"]
    assert (len(mara["references"]), len(cup["references"])) == (2, 1)


def test_an_operator_says_who_is_in_a_scene_and_only_what_depends_on_it_runs(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(max_references=4))
    shooting.run(ENTRY, preset="simple")
    shooting.decide("scene-3/subjects", "-")
    assert [scene.subjects for scene in result(shooting).scenes][2] == ()
    assert {request.prompt for request in shooting.crew.of(ImageRequest)} >= {
        "Steam rises from THE CUP."
    }
    assert document_of(shooting)["storyboard_plan"]["scenes"][2]["subjects"] == []
    assert "scene-2/references" in {
        step.key for step in shooting.steps() if step.superseded_at is None
    }


def test_the_embedded_rule_splits_a_brief_if_the_writer_fails_for_good(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(fails=lambda one: isinstance(one, ScenesRequest)))
    job = shooting.run(
        "prompt: A kite rises over a beach. Then it falls into the sea.\n", preset="simple"
    )
    assert (job.state, len(result(shooting).scenes)) == ("done", 4)
    keys = {step.key for step in shooting.steps()}
    assert "scenes-by-rule" in keys
    assert len(document_of(shooting)["storyboard_plan"]["scenes"]) == 4
    with shooting.workspace.reading() as connection:
        messages = [one.message for one in events_after(connection, 0, limit=1000)]
    assert "The brief is split by the embedded rule: It was refused." in messages


def test_switched_off_nobody_is_named(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run("prompt: coffee\ntarget_duration: 15\n", num_variations=1, subjects=False)
    [request] = shooting.crew.of(ScenesRequest)
    assert request.subjects is False
    assert not [step for step in shooting.steps() if step.name == "references"]


# -- the agent and the rule -------------------------------------------------------------------


def script(**more: Any) -> Any:
    values = {
        "subjects": [
            {"name": " MARA", "kind": "hero", "description": "other looks"},
            {"name": "Tom", "kind": "person", "description": "tall"},
            {"name": "Nobody", "kind": "person", "description": "not seen"},
        ],
        "scenes": [
            {"prompt": "a", "duration": 1, "subjects": ["mara", "Tom", "Zoe"]},
            {"prompt": "b", "duration": 8, "subjects": "Tom"},
        ],
    }
    return script_of(2).model_validate({**values, **more})


def test_what_an_operator_says_of_a_subject_holds_and_nobody_unknown_is_shown():
    request = ScenesRequest(
        film=Film(brief="x", target_duration=10, subjects=(MARA,)),
        count=2,
        bounds=(3, 7),
        subjects=True,
    )
    found = finished(script(), request, "me")
    assert [(one.name, one.description) for one in found.subjects] == [
        ("Mara", MARA.description),
        ("Tom", "tall"),
    ]
    assert [scene.subjects for scene in found.scenes] == [("Mara", "Tom"), ("Tom",)]
    assert [scene.duration for scene in found.scenes] == [3, 7]
    plain = ScenesRequest(film=Film(brief="x"), count=2)
    assert finished(script(), plain, "me").subjects == ()
    assert finished(script(subjects=None), request, "me").subjects == (MARA,)
    assert "each 3 to 7 s long" in SCENE_WRITER.conversation(request).turns[0].text


def test_earlier_requests_have_no_field_of_later_versions():
    request = ScenesRequest(film=Film(brief="x"), count=2)
    assert set(request.model_dump()) == {"film", "count"}
    assert set(request.model_dump()["film"]) == {
        "brief", "target_duration", "brand", "consistency",
    }  # fmt: skip


def test_a_description_is_put_behind_a_prompt_that_lacks_it():
    film = Film(subjects=(MARA, CUP, Subject(name="Tom")))
    prompt = "Mara, a WOMAN with a  red headscarf, at the bar"
    assert carrying(prompt, film) == f"{prompt}. the cup: a cream cup with a blue rim."
    assert carrying(prompt, Film()) == prompt


@pytest.mark.parametrize(
    ("brief", "prompts", "expected"),
    [
        (
            "A fox crosses a forest",
            ["A fox runs", "It sleeps", "A river"],
            [("fox",), ("fox",), ()],
        ),
        ("A fox crosses a forest", ["A foxglove", "Snow", "A fox"], [(), (), ()]),
        ("", ["one", "two"], [(), ()]),
        ("A watch advert with soft light", ["soft light", "soft light"], [(), ()]),
    ],
)
def test_the_rule_finds_the_subject_of_a_brief(
    brief: str, prompts: Sequence[str], expected: Sequence[tuple[str, ...]]
):
    assert cast(Film(brief=brief), prompts)[1] == expected


def test_names_in_scripts_without_spaces_are_found():
    film = Film(brief="x", subjects=(Subject(name="美咲"), Subject(name="Ann")))
    assert cast(film, ["朝の美咲が笑う", "Annabel", "(Ann)"])[1] == [("美咲",), (), ("Ann",)]


def test_a_refused_image_still_says_whom_it_was_to_show(tmp_path: Path):
    def fails(request: Any) -> bool:
        return isinstance(request, ImageRequest) and "Mara" in request.prompt

    shooting = Shooting(tmp_path, Crew(fails=fails))
    assert shooting.run(ENTRY, preset="simple").state == "failed"
    scenes = document_of(shooting)["storyboard_plan"]["scenes"]
    assert [scene["subjects"] for scene in scenes] == [list(names) for names in SHOWN]
