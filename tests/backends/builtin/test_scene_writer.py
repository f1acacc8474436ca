import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.recipes.storyboard.agents.scene_writer import ScenesRequest
from engine.recipes.storyboard.film import Brand, Film, PlannedScene
from engine.recipes.storyboard.rules.scenes import split
from engine.recipes.storyboard.rules.shotwords import read_shot
from engine.recipes.storyboard.rules.subjects import subject, without_action, without_form
from engine.recipes.storyboard.rules.terms import words_of
from tests.backends.builtin.test_backends import Context, backend
from tests.support.agents import run_agent
from tests.support.effort import scaled

STORY = (
    "A young barista opens a small coffee bar at dawn. Then she pours the first espresso; "
    "the first guest smiles. Finally, the sign is lit."
)


def prompts(brief: str, count: int, **film) -> list[str]:
    return [str(one["prompt"]) for one in split(Film(brief=brief, **film), count)]


def test_a_brief_that_tells_its_scenes_is_taken_at_its_word():
    assert prompts(STORY, 4) == [
        "A young barista opens a small coffee bar at dawn",
        "She pours the first espresso",
        "The first guest smiles",
        "The sign is lit",
    ]


@pytest.mark.parametrize(
    "brief",
    [
        "1. A ship leaves\n2. A storm rises\n3. A light is seen",
        "Scenes:\n- A ship leaves\n- A storm rises\n- A light is seen",
        "1) A ship leaves 2) A storm rises 3) A light is seen",
        "Scene 1: A ship leaves\nScene 2: A storm rises\nScene 3: A light is seen",
        "A ship leaves, then a storm rises, finally a light is seen",
        "First a ship leaves; next, a storm rises; in the end a light is seen.",
    ],
)
def test_lists_and_words_of_time_are_understood(brief):
    assert prompts(brief, 3) == ["A ship leaves", "A storm rises", "A light is seen"]


NUMBERS = ("one", "two", "three", "four", "five")


def test_too_many_parts_share_scenes_in_their_order():
    told = prompts(" ".join(f"Bird number {word} sings." for word in NUMBERS), 2)
    assert len(told) == 2
    joined = " ".join(told)
    places = [joined.index(word) for word in NUMBERS]
    assert places == sorted(places)


def test_too_few_parts_keep_their_order_and_beats_fill_up():
    told = prompts("A ship leaves. A storm rises.", 5)
    assert told.index("A ship leaves") < told.index("A storm rises")
    assert len(set(told)) == 5
    assert "story ends" in told[-1]


def test_one_sentence_becomes_beats_of_what_it_is_about():
    rows = split(Film(brief="A commercial for a mountain bike", brand=Brand(name="Kestrel")), 4)
    assert all("mountain bike" in row["prompt"] for row in rows)
    assert not any("commercial" in row["prompt"] for row in rows)
    assert "wide shot" in rows[0]["notes"]
    assert "brand's name" in rows[-1]["notes"]
    assert not any(read_shot(row["notes"]).has("setting") for row in rows)
    assert len({row["prompt"] for row in rows}) == 4


WORDS = st.sampled_from(["a fox runs", "rain falls", ". ", "; ", ", then ", "\n", "{brief}", "1. "])
BRIEFS = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=30).map("".join))


@given(BRIEFS, st.integers(1, 100), st.none() | st.floats(0.01, 10_000))
@example("", 81, 0.015625)
@settings(max_examples=scaled(60), deadline=None)
def test_any_brief_gives_as_many_scenes_as_asked_and_as_long(brief, count, length):
    rows = split(Film(brief=brief, target_duration=length), count)
    scenes = [PlannedScene.model_validate(row) for row in rows]
    assert len(scenes) == count
    assert all(words_of(scene.prompt) or scene.prompt for scene in scenes)
    if length is None:
        assert all(scene.duration is None for scene in scenes)
    else:
        assert sum(scene.duration for scene in scenes) == pytest.approx(length, rel=1e-6)
    assert rows == split(Film(brief=brief, target_duration=length), count)


def test_lengths_are_tenths_of_seconds_and_follow_what_there_is_to_tell():
    rows = split(Film(brief=STORY, target_duration=15), 4)
    lengths = [row["duration"] for row in rows]
    assert lengths == [round(length, 1) for length in lengths]
    assert max(lengths) == lengths[0]


HOSTILE = [
    "\x1b[2J\x00 A fox\u202e runs \ud800. [bold]Then[/] it {0.__class__} sleeps.",
    "then " * 20_000,
    "1. " * 30_000,
    "a, " * 35_000,
    "; " * 50_000,
    "a fox" + " " * 50_000 + "\n" * 40_000 + "runs",
    "a b. " * 20_000,
    "x" * 100_000,
]


@pytest.mark.parametrize("brief", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_briefs_give_plain_scenes(brief):
    told = prompts(brief, 4)
    assert len(told) == 4
    assert all(one.isprintable() and len(one) <= 600 for one in told)


@pytest.mark.parametrize(
    ("brief", "about"),
    [
        (STORY, "a young barista"),
        ("A 15-second ad for a mountain bike in the alps", "a mountain bike in the alps"),
        ("NASA launches a rocket", "NASA"),
        ("A little fox walking through the snow", "a little fox"),
        ("She pours coffee", ""),
        ("Moody noir: a detective smokes a pipe", "a detective"),
        ("Product launch video for a smart watch: a runner checks her pulse", "a runner"),
        ("Ein Bäcker öffnet um fünf Uhr seine Backstube", ""),
        ("A wizard", "a wizard"),
        ("A lighthouse keeper walks along the cliff at dusk", "a lighthouse keeper"),
        ("Three coffee cups on a table", "three coffee cups on a table"),
        ("", ""),
        ("!?", ""),
    ],
)
def test_what_a_brief_is_about(brief, about):
    assert subject(brief) == about


def test_only_the_form_is_taken_off():
    assert without_form("A short film about a lighthouse") == "a lighthouse"
    assert without_form("A film crew about to leave") == "A film crew about to leave"


async def test_the_backend_says_who_wrote():
    request = ScenesRequest(film=Film(brief=STORY, target_duration=15), count=4)
    written = await run_agent(backend("text"), "write_scenes", request, Context())
    assert [scene.prompt for scene in written.scenes] == prompts(STORY, 4)
    assert written.author == "builtin/beats-2"


def test_no_two_scenes_of_a_film_are_the_same():
    briefs = ["An old lighthouse keeper", STORY, "A fox runs. A fox runs.", "{brief} {about} }"]
    for brief in briefs:
        for count in (9, 40, 100):
            told = prompts(brief, count)
            beats = [one for one in told if not brief.startswith(one)]
            assert len(set(beats)) == len(beats)


def test_one_action_is_not_repeated_in_every_scene():
    told = prompts("A fox walks through a snowy forest at dusk", 8)
    assert sum("walks" in one for one in told) == 3
    assert all("a snowy forest at dusk" in one for one in told)
    assert told[0].startswith("A fox, in a snowy forest at dusk, ")
    assert told[1].endswith("the action as it begins")
    assert told[5].endswith("halfway through the action")


@pytest.mark.parametrize(
    ("part", "without"),
    [
        ("A keeper walks along the cliff", "A keeper, beside the cliff"),
        ("The boys running", "The boys"),
        ("Three cups on a table", "Three cups on a table"),
        ("She pours coffee in a bar", "She pours coffee in a bar"),
        ("Ein Bäcker öffnet um fünf Uhr", "Ein Bäcker öffnet um fünf Uhr"),
        ("", ""),
    ],
)
def test_a_part_without_its_action(part, without):
    assert without_action(part) == without
