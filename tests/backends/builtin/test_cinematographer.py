import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.imaging.vocabulary.reading import read
from engine.recipes.storyboard.agents.cinematographer import ShotRequest
from engine.recipes.storyboard.agents.prompt_engineer import ReviewRequest
from engine.recipes.storyboard.film import CRITERIA, Brand, Draft, Film, PlannedScene, ShotReview
from engine.recipes.storyboard.rules.branding import holds
from engine.recipes.storyboard.rules.choices import choices
from engine.recipes.storyboard.rules.choosing import choose
from engine.recipes.storyboard.rules.cinematographer import asked_for, negative, shoot
from engine.recipes.storyboard.rules.contradictions import contradictions
from engine.recipes.storyboard.rules.rubric import judge
from engine.recipes.storyboard.rules.scenes import split
from engine.recipes.storyboard.rules.shotwords import read_shot
from engine.recipes.storyboard.rules.terms import entries, table
from tests.backends.builtin.images import EXAMPLES
from tests.backends.builtin.images import brief as example_brief
from tests.backends.builtin.test_backends import Context, backend
from tests.support.agents import run_agent
from tests.support.effort import scaled

COFFEE = Film(
    brief=(
        "A young barista opens a small coffee bar at dawn. Then she pours the first espresso; "
        "the first guest smiles. Finally the sign is lit."
    ),
    target_duration=15,
    brand=Brand(
        name="Kestrel",
        colours=("#17807f", "#f4e8cb"),
        use=("rising steam",),
        avoid=("plastic cups", "harsh light"),
    ),
    consistency=("a barista in a green apron", "copper espresso machine"),
)
FILMS = [
    COFFEE,
    Film(brief="A commercial for a mountain bike"),
    Film(brief="Close-up at night under neon: a fox in a city alley"),
    Film(brief="A perfume bottle, product images", brand=Brand(colours=("#111111", "#c9a227"))),
    Film(
        brief="Old man repairs a clock; later a child winds it up", consistency=("round glasses",)
    ),
    *(Film(brief=example_brief(example)) for example in EXAMPLES[::3]),
]


def review(film: Film, scene: PlannedScene, prompt: str) -> ShotReview:
    verdict = judge(film, scene, prompt)
    return ShotReview(
        **dict(zip(CRITERIA, verdict.scores, strict=True)),
        overall=sum(verdict.scores) / 5,
        critique=verdict.critique,
        suggestions=verdict.suggestions,
        scorer="test",
    )


def rounds(film: Film, scene: PlannedScene, number: int, total: int, most: int = 4) -> list[Draft]:
    drafts: list[Draft] = []
    while len(drafts) < most and not (drafts and drafts[-1].review.overall >= 85):
        prompt = shoot(film, scene, number, total, drafts).prompt
        drafts.append(Draft(prompt=prompt, review=review(film, scene, prompt)))
    return drafts


def scenes(film: Film, count: int = 4) -> list[PlannedScene]:
    return [PlannedScene.model_validate(row) for row in split(film, count)]


@pytest.mark.parametrize("film", FILMS, ids=range(len(FILMS)))
def test_a_first_draft_is_short_and_the_loop_makes_it_good_within_four_rounds(film):
    for number, scene in enumerate(scenes(film), 1):
        drafts = rounds(film, scene, number, 4)
        reached = [draft.review.overall for draft in drafts]
        assert reached[0] < 80
        assert reached[-1] >= 85
        assert reached == sorted(reached)


def test_full_marks_are_reached_when_nobody_stops_it():
    scene = scenes(COFFEE)[1]
    drafts: list[Draft] = []
    for _ in range(8):
        prompt = shoot(COFFEE, scene, 2, 4, drafts).prompt
        drafts.append(Draft(prompt=prompt, review=review(COFFEE, scene, prompt)))
    assert drafts[-1].review.overall == 100
    assert drafts[-1].prompt == drafts[-2].prompt
    assert "nothing left" in shoot(COFFEE, scene, 2, 4, drafts).reason


@pytest.mark.parametrize("film", FILMS, ids=range(len(FILMS)))
def test_nothing_contradicts_the_scene_and_its_words_stay(film):
    for number, scene in enumerate(scenes(film), 1):
        before = contradictions(read_shot(scene.prompt))
        for draft in rounds(film, scene, number, 4):
            assert contradictions(read_shot(scene.prompt, draft.prompt)) == before
            assert scene.prompt.rstrip(".") in draft.prompt


@pytest.mark.parametrize(
    ("scene", "kept", "not_said"),
    [
        (
            "Close-up at night under neon: a fox",
            ["85 mm lens"],
            ["wide shot", "midday"],
        ),
        ("A castle shot on a 200mm lens", [], ["24 mm", "35 mm", "50 mm"]),
        ("Bird's-eye view of a harbour at noon", [], ["low angle", "eye level", "night"]),
        ("A market seen from above", [], ["low angle", "eye level", "angle"]),
        ("A tower filmed from below", [], ["high angle", "eye level", "angle"]),
        ("A woman by candlelight", ["1900 K"], ["window light", "daylight", "neon"]),
        ("A monk in low-key light from the right", [], ["camera-left", "high-key"]),
    ],
)
def test_the_vocabulary_follows_what_the_scene_says(scene, kept, not_said):
    said = choose(Film(brief="x"), PlannedScene(prompt=scene), 1, 4)
    text = "; ".join(said.values())
    assert all(one in text for one in kept)
    assert not any(one in text for one in not_said)


def test_what_merely_comes_from_above_says_nothing_of_the_camera():
    assert not read_shot("Rain falls from above on a tin roof").has("angle")


def test_notes_are_followed_where_the_scene_is_silent():
    scene = PlannedScene(prompt="A ship", notes="overhead view, 200 mm, sunset, symmetrical")
    said = choose(Film(brief="x"), scene, 1, 4)
    assert said["angle"] == "overhead angle"
    assert said["lens"] == "200 mm lens"
    assert said["time"] == "sunset"
    assert "symmetrical" in said["composition"]


def test_a_term_within_a_longer_one_is_no_place():
    scene = PlannedScene(prompt="A wizard", notes="generous negative space, depth of field")
    assert choose(Film(brief="x"), scene, 1, 4)["setting"] == "plain surroundings"


def test_no_softbox_is_set_up_in_a_lake():
    film = Film(brief="A product film: a watch")
    assert choose(film, PlannedScene(prompt="A watch"), 1, 4)["source"] == "studio softbox"
    outside = choose(film, PlannedScene(prompt="A swimmer in a lake"), 2, 4)
    assert outside["source"] != "studio softbox"


def test_a_film_begins_at_the_first_hour_that_its_brief_names():
    film = Film(brief="A keeper walks the cliff at dusk. He climbs. Ships pass in the night.")
    assert choose(film, PlannedScene(prompt="He climbs"), 2, 3)["time"] == "blue hour"
    assert "time" not in choose(film, PlannedScene(prompt="Ships pass in the night"), 3, 3)


def test_a_film_is_covered_from_wide_to_close_with_one_light():
    film = Film(brief="A clockmaker in his shop at dawn")
    chosen = [choose(film, PlannedScene(prompt=f"Scene {n}"), n, 6) for n in range(1, 7)]
    assert chosen[0]["size"] == "wide shot"
    assert len({one["size"] for one in chosen}) >= 4
    assert len({one["lens"] for one in chosen}) >= 4
    for same in ("source", "temperature", "direction", "time", "colour", "setting"):
        assert len({one[same] for one in chosen}) == 1, same


def test_the_content_of_a_scene_asks_for_its_size():
    film = Film(brief="x")
    assert choose(film, PlannedScene(prompt="Her hands fold"), 2, 5)["size"] == "close-up"
    assert choose(film, PlannedScene(prompt="The city skyline"), 3, 5)["size"] == "wide shot"
    assert "detail" in choose(film, PlannedScene(prompt="The logo on the label"), 5, 9)["size"]


def test_what_stays_the_same_is_said_word_for_word_in_every_scene():
    for number, scene in enumerate(scenes(COFFEE), 1):
        for draft in rounds(COFFEE, scene, number, 4):
            for marker in COFFEE.consistency:
                assert marker in draft.prompt


def test_without_markers_the_subject_of_the_brief_is_kept():
    film = Film(brief="A young barista opens her bar. Then she pours coffee.")
    prompt = shoot(film, PlannedScene(prompt="She pours coffee"), 2, 2).prompt
    assert "The same throughout: a young barista." in prompt


def test_the_brand_colours_set_palette_and_tint():
    def with_colours(*colours: str) -> dict[str, str]:
        film = Film(brief="x", brand=Brand(colours=colours))
        return choose(film, PlannedScene(prompt="A clock"), 1, 4)

    warm, cold = with_colours("#d0312d", "#f4a91f"), with_colours("#214fa8", "#30c3dc")
    assert warm["colour"] == "red #d0312d and amber #f4a91f"
    assert warm["temperature"] == "warm 3500 K"
    assert cold["temperature"] == "cool 7500 K"


def test_what_the_brand_avoids_is_not_added():
    film = Film(
        brief="x", brand=Brand(avoid=("harsh light", "low angle", "leading lines", "colour grade"))
    )
    for number in range(1, 9):
        said = choose(film, PlannedScene(prompt="A sunny beach at noon"), number, 9)
        text = "; ".join(said.values())
        assert not any(one in text for one in ("hard", "low angle", "leading lines", "grade"))


def test_the_negative_prompt_leaves_what_the_scene_asks_for():
    film = Film(brief="x", brand=Brand(avoid=("plastic cups", "text", "cup", "Harsh light")))
    assert negative(film, PlannedScene(prompt="A cup of tea")) == "plastic, text, Harsh light"
    assert negative(film, PlannedScene(prompt="An espresso")) == "plastic, text, Harsh light"
    assert negative(film, PlannedScene(prompt="A ship")) == "plastic cups, text, cup, Harsh light"


@pytest.mark.parametrize("film", FILMS, ids=range(len(FILMS)))
def test_the_painter_is_given_no_subject_and_no_medium_that_nobody_asked_for(film):
    asked = read(" . ".join((film.brief, *film.consistency, *film.brand.use)))
    for number, scene in enumerate(scenes(film), 1):
        told = read(f"{scene.prompt} . {scene.notes}")
        final = read(rounds(film, scene, number, 4, most=9)[-1].prompt)
        for family in ("subject", "medium", "weather"):
            extra = set(final.names(family)) - set(told.names(family)) - set(asked.names(family))
            assert not extra, (family, extra)
        assert not final.corrections


def test_no_phrase_of_the_vocabulary_names_a_subject_to_the_painter():
    phrases = [entry.write for entry in entries().values() if entry.write]
    phrases += [row["stop"] for row in choices()["size"].values()]
    phrases += list(choices()["surface"])
    for phrase in phrases:
        reading = read(phrase)
        assert not reading.names("subject"), phrase
        assert not reading.names("medium"), phrase
        assert not reading.corrections, phrase


def test_the_painter_understands_time_light_and_framing():
    def seen(text: str) -> set[str]:
        return {one.name for one in read(text).mentions}

    assert "night" in seen(entries()["time.night"].write)
    assert "golden" in seen(entries()["time.golden"].write)
    assert "dusk" in seen(entries()["time.dusk"].write)
    assert "wide" in seen(entries()["size.wide"].write)
    assert "close" in seen(entries()["size.close"].write)
    assert "thirds" in seen(entries()["composition.thirds"].write)


@pytest.mark.parametrize("name", [name for name, one in entries().items() if one.write])
def test_every_phrase_reads_as_what_it_is_and_as_nothing_else(name):
    entry = entries()[name]
    found = read_shot(f"{entry.write} light" if entry.lit else entry.write).found
    assert found[entry.family][0] == entry.name
    assert set(found) == {entry.family}


@pytest.mark.parametrize("family", sorted(table()["family"]))
def test_every_advice_is_understood_as_what_it_asks_for(family):
    assert asked_for([table()["family"][family]["advice"]]) == [family]


def test_another_reviewers_words_are_understood_too():
    asked = asked_for(
        [
            "Consider specifying the lens and its aperture.",
            "The white balance is unclear; add Kelvin values!",
            "Remove buzzwords such as 'stunning'.",
            "Mention the apron again for consistency.",
        ]
    )
    assert {"lens", "aperture", "temperature", "praise", "markers"} <= set(asked)


def with_review(prompt: str, overall: float, *suggestions: str) -> Draft:
    numbers = dict.fromkeys(CRITERIA, overall)
    return Draft(
        prompt=prompt,
        review=ShotReview(
            **numbers, overall=overall, critique="", suggestions=suggestions, scorer="x"
        ),
    )


SCENE = PlannedScene(prompt="A clock on a wall")


def test_a_foreign_draft_is_kept_and_added_to():
    draft = with_review("A clock, seen by somebody else", 60, "Add the camera angle.")
    written = shoot(Film(brief="x"), SCENE, 1, 4, [draft])
    assert written.prompt.startswith("A clock, seen by somebody else. Camera at eye level")


def test_the_best_draft_is_mended_not_the_last_and_what_failed_is_not_tried_again():
    film = Film(brief="x")
    first = with_review(shoot(film, SCENE, 1, 4).prompt, 70, "Add the camera angle.")
    worse = with_review(shoot(film, SCENE, 1, 4, [first]).prompt, 50, "Add the aperture.")
    third = shoot(film, SCENE, 1, 4, [first, worse])
    assert "eye level" in worse.prompt
    assert "eye level" not in third.prompt
    assert "draft 1 of 2" in third.reason
    assert third.prompt != first.prompt


def test_a_review_that_names_nothing_is_answered_by_what_is_missing():
    draft = with_review(shoot(Film(brief="x"), SCENE, 1, 4).prompt, 50, "Meh.")
    written = shoot(Film(brief="x"), SCENE, 1, 4, [draft])
    assert len(written.prompt) > len(draft.prompt)
    assert "asks for nothing by name" in written.reason


@pytest.mark.parametrize("said", ["The shot sizes contradict.", "It contradicts the scene."])
def test_a_contradictory_foreign_draft_is_begun_again(said):
    draft = with_review("A clock, wide shot, extreme close-up", 30, said)
    prompt = shoot(Film(brief="x"), SCENE, 1, 4, [draft]).prompt
    assert prompt.startswith("A clock on a wall. Wide shot")
    assert contradictions(read_shot(prompt)) == []


def test_praise_and_what_is_avoided_are_taken_out_when_asked():
    film = Film(brief="x", brand=Brand(avoid=("plastic cups",)))
    draft = with_review(
        "A clock, masterpiece, 8K, with Plastic-Cups, stunning.", 40, "Drop the buzzwords.",
        "Take out what the brand avoids.",
    )  # fmt: skip
    prompt = shoot(film, SCENE, 1, 4, [draft]).prompt
    assert not re.search("masterpiece|8k|stunning|plastic", prompt, re.IGNORECASE)
    assert prompt.startswith("A clock")


TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ["night", "noon", "close-up", "wide shot", "from the left", "85mm", "fox", "3200 K",
             "window light", "neon", "f/8", "low angle", ".", ",", "no", "key light", "sunset"]
        ),
        max_size=9,
    ).map(" ".join),
)  # fmt: skip


@given(TEXTS.filter(bool), TEXTS, TEXTS, TEXTS, st.integers(1, 6))
@settings(max_examples=scaled(25), deadline=None)
def test_any_scene_is_written_the_same_each_time_and_never_contradicted(
    prompt, notes, brief, marker, number
):
    film = Film(brief=brief, consistency=(marker,), brand=Brand(use=(notes,), avoid=(brief,)))
    scene = PlannedScene(prompt=prompt, notes=notes)
    written = shoot(film, scene, number, 6)
    assert written == shoot(film, scene, number, 6)
    said = choose(film, scene, number, 6)
    known = [scene.prompt, *(said[name] for name in ("markers", "use") if name in said)]
    taken = [f"{phrase} light" if name == "direction" else phrase for name, phrase in said.items()]
    assert set(contradictions(read_shot(*known, *taken))) == set(contradictions(read_shot(*known)))


HOSTILE = [
    "\x1b[2J\x00 fox\u202e [bold]x[/] {0} %s <script>",
    "wide shot then close-up " * 4000,
    "x" * 100_000,
    "((((" * 25_000,
    "masterpiece" + " " * 100_000 + "8k ," + ", " * 20_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_scenes_and_reviews_give_plain_prompts(text):
    film = Film(brief=text, consistency=(text,), brand=Brand(name=text, use=(text,), avoid=(text,)))
    scene = PlannedScene(prompt=text, notes=text)
    draft = with_review(text or "x", 10, text, "Drop the buzzwords and what the brand avoids.")
    for drafts in ([], [draft]):
        written = shoot(film, scene, 1, 4, drafts)
        assert len(written.prompt) < 150_000
        assert written.reason.isprintable()
    assert shoot(film, scene, 1, 4).prompt.isprintable()
    assert holds(read_shot(text), "nowhere to be found") is False


async def test_the_backend_plays_both_parts_through_the_protocol():
    text, context = backend("text"), Context()
    scene = scenes(COFFEE)[0]
    wanted = ShotRequest(film=COFFEE, scene=scene, number=1, total=4)
    shot = await run_agent(text, "write_shot", wanted, context)
    asked = ReviewRequest(film=COFFEE, scene=scene, prompt=shot.prompt, weights=(1, 0, 0, 0, 1))
    judged = await run_agent(text, "review_shot", asked, context)
    assert judged.overall == round((judged.completeness + judged.brand_alignment) / 2, 2)
    assert judged.scorer == "builtin/rubric-1"
    assert shot.author == "builtin/cinematographer-1"
    assert shot.negative_prompt == "plastic, harsh light"
    drafts = (Draft(prompt=shot.prompt, review=judged),)
    wanted = wanted.model_copy(update={"drafts": drafts})
    again = await run_agent(text, "write_shot", wanted, context)
    assert again.prompt != shot.prompt
    assert "draft 1 of 1" in again.reason
