"""The offline writer: determinism, variety, and fit to the music."""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations
from statistics import mean, stdev

import pytest

from engine.contract.agent import RuleInput
from engine.plugins.catalog import EntryPointCatalog
from engine.recipes.visual_prompts.agents.writer import WRITER, VisualPromptRequest
from engine.recipes.visual_prompts.checks import problems_of
from engine.recipes.visual_prompts.creativity.measure import Sample, measure_by_words
from engine.recipes.visual_prompts.rules.grammar import Draw, fill, shapes
from engine.recipes.visual_prompts.rules.mapping import brief, darkness, hero
from engine.recipes.visual_prompts.rules.vocabulary import family, worlds
from engine.recipes.visual_prompts.rules.writer import write, write_by_rule
from engine.testing.context import MemoryContext
from tests.recipes.visual_prompts.creativity_texts import SALAD
from tests.support.music import features, no_features, random_features

MODES = ("convergent", "convergent", "convergent", "divergent", "divergent")


def _sample(seed: int) -> list[str]:
    music, prompts = random_features(seed), list[str]()
    for number, mode in enumerate(MODES):
        prompts.append(write(music, mode, number, 0, prompts))
    return prompts


@pytest.fixture(scope="module")
def samples() -> list[list[str]]:
    return [_sample(seed) for seed in range(100)]


def _words(prompt: str) -> list[str]:
    return re.findall(r"[\w'-]+", prompt.lower())


def _overlap(one: str, other: str) -> float:
    a, b = set(_words(one)), set(_words(other))
    return len(a & b) / len(a | b)


def test_the_same_input_gives_the_same_prompt() -> None:
    music = random_features(1)
    assert write(music, "convergent", 0, 7) == write(music, "convergent", 0, 7)
    assert write(music, "convergent", 0, 7) != write(music, "convergent", 0, 8)
    assert write(music, "convergent", 0, 7) != write(music, "convergent", 1, 7)


def test_no_sentence_stands_twice_among_500_prompts(samples: list[list[str]]) -> None:
    prompts = [prompt for sample in samples for prompt in sample]
    counts = Counter(part for prompt in prompts for part in re.split(r"(?<=\.) ", prompt))
    assert [part for part, count in counts.items() if count > 1] == []


def test_at_most_5_percent_of_six_word_runs_stand_twice(samples: list[list[str]]) -> None:
    runs = Counter(
        tuple(words[at : at + 6])
        for sample in samples
        for words in map(_words, sample)
        for at in range(len(words) - 5)
    )
    repeated = sum(count for count in runs.values() if count > 1)
    assert repeated / sum(runs.values()) <= 0.05


def test_prompts_are_plain_prose_of_100_to_300_words(samples: list[list[str]]) -> None:
    for prompt in (prompt for sample in samples for prompt in sample):
        assert 100 <= len(_words(prompt)) <= 300
        assert not re.search(r"[{}\n*#:\"]|\b[Aa] (?:[aei]|o(?!ne))|music|song|melod|  ", prompt), (
            prompt
        )


def test_overlap_falls_from_convergent_to_divergent_to_other_samples(
    samples: list[list[str]],
) -> None:
    few = samples[:40]
    convergent = [_overlap(a, b) for one in few for a, b in combinations(one[:3], 2)]
    assert 0.22 <= mean(convergent) <= 0.33
    divergent = [_overlap(one[3], one[4]) for one in few]
    across = [_overlap(a[0], b[3]) for a, b in combinations(few, 2)]
    for higher, lower in ((convergent, divergent), (divergent, across)):
        assert mean(higher) - mean(lower) > 0.5 * max(stdev(higher), stdev(lower))


def test_every_sentence_is_whole(samples: list[list[str]]) -> None:
    for prompt in (prompt for sample in samples for prompt in sample):
        for sentence in re.split(r"(?<=\.) ", prompt):
            assert re.fullmatch(r"[A-Z].{10,}[a-z]\.", sentence), sentence
            assert not re.search(r"\b(?:the|an?) (?:the|an?)\b|\w [A-Z](?!ctober|ovember|russian)",
                                 sentence), sentence  # fmt: skip


def test_every_slot_of_a_sentence_can_be_filled() -> None:
    known = brief(random_features(1), "convergent", 0, 0).words.keys() | {"a_one", "a_adj_one"}
    every = [one for rows in shapes().values() for group in rows.values() for one in group]
    slots = {slot.lower() for one in every for slot in re.findall(r"\{(\w+)\}", one)}
    assert slots <= known
    phrases = [one for words in _every_brief() for group in words.values() for one in group]
    assert {slot for one in phrases for slot in re.findall(r"\{(\w+)\}", one)} <= known


def _every_brief() -> list[Mapping[str, tuple[str, ...]]]:
    return [
        brief(random_features(seed), mode, number, 0).words
        for seed in range(60)
        for number, mode in enumerate(MODES)
    ]


def test_prompts_of_a_sample_share_world_and_palette_and_differ_in_place_and_subject() -> None:
    briefs = [brief(random_features(3), "convergent", number, 0) for number in range(3)]
    assert len({one.world for one in briefs}) == len({one.colours for one in briefs}) == 1
    assert len({one.words["place"] for one in briefs}) == 3
    assert len({one.words["subject"] for one in briefs}) == 3
    far = brief(random_features(3), "divergent", 3, 0)
    assert (far.world != briefs[0].world, far.colours) == (True, briefs[0].colours)


@pytest.mark.parametrize(
    ("part", "changes", "slot", "expected"),
    [
        ("dynamics", {"range_db": 29}, "contrast", "hard"),
        ("dynamics", {"range_db": 2}, "contrast", "soft"),
        ("dynamics", {"rms_db": -8}, "scale", "large"),
        ("dynamics", {"rms_db": -34}, "scale", "small"),
        ("dynamics", {"trend": "rising"}, "trend", "rising"),
        ("dynamics", {"trend": "falling"}, "trend", "falling"),
        ("timbre", {"percussive": 0.9}, "surface", "rough"),
        ("timbre", {"percussive": 0, "flatness": 0}, "surface", "smooth"),
        ("melody", {"contour": "ascending"}, "line", "ascending"),
        ("rhythm", {"metre": "3/4"}, "pattern", "pattern_three"),
        ("rhythm", {"metre": "4/4"}, "pattern", "pattern_two"),
    ],
)
def test_an_element_follows_its_feature(
    part: str, changes: dict[str, object], slot: str, expected: str
) -> None:
    music = random_features(2)
    changed = getattr(music, part).model_copy(update=changes)
    words = brief(music.model_copy(update={part: changed}), "convergent", 0, 0).words
    lists = next(
        family(name)
        for name in ("contrast", "lens", "weather", "surface")
        if expected in family(name)
    )
    assert set(words[slot]) <= set(lists[expected])


def test_more_chords_make_more_layers() -> None:
    music = random_features(2)
    chords = music.chords or ()
    one = music.model_copy(update={"chords": chords[:1]})
    many = music.model_copy(
        update={"chords": tuple(c.model_copy(update={"label": str(at)}) for at, c in
                                enumerate(chords))}
    )  # fmt: skip
    assert brief(one, "convergent", 0, 0).layers == "shallow"
    assert brief(many, "convergent", 0, 0).layers == "deep"


_IRREGULAR = {
    "bacteria",
    "cilia",
    "silver fish",
    "antennae",
    "tesserae",
    "amphorae",
    "larvae",
    "jellyfish",
}


@pytest.mark.parametrize("kind", ["ground", "tall", "loose"])
def test_things_are_in_the_plural_and_landmarks_are_not(kind: str) -> None:
    for world in worlds():
        for thing in world.things[kind]:
            noun = re.split(r" (?:of|from|on|in|for)\b", thing)[0]
            assert noun.endswith("s") or noun in _IRREGULAR, (world.name, thing)
        assert not set(world.things["one"]) & set(world.things[kind])


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("A hourglass and a uniform.", "An hourglass and a uniform."),
        ("A 85-mm view, a 50-mm one.", "An 85-mm view, a 50-mm one."),
        ("A one-man boat in a open eucalyptus wood.", "A one-man boat in an open eucalyptus wood."),
        ("An a unhurried, a even, a used thing.", "An an unhurried, an even, a used thing."),
    ],
)
def test_articles_go_by_the_sound(shape: str, text: str) -> None:
    draw = Draw(brief(random_features(1), "convergent", 0, 0), random.Random(0))
    assert fill(shape, draw) == text


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("keeper in a {colour} oilskin", "keeper"),
        ("{colour} locomotive", "locomotive"),
        ("old man in a dressing gown", "old man"),
        ("carousel of {colour} horses", "carousel"),
        ("stag", "stag"),
    ],
)
def test_a_subject_is_named_again_by_its_shortest_name(subject: str, name: str) -> None:
    assert hero(subject) == name


def test_slow_minor_dark_music_is_darker_and_slower_than_fast_major_bright_music() -> None:
    dark = features("D", "minor", 60, brightness=0.1, valence=-0.7, arousal=-0.6, rms_db=-30)
    bright = features("D", "major", 160, brightness=0.9, valence=0.8, arousal=0.8, rms_db=-10)
    assert darkness(dark) > 0.6 > 0.36 > darkness(bright)
    one, other = (brief(music, "convergent", 0, 0) for music in (dark, bright))
    assert one.pace < other.pace
    assert set(one.colours[:2]) <= {"bitter chocolate", "raw umber", "dark bronze"}
    assert set(other.colours[:2]) <= {"honey", "lemon", "pale gold"}


@pytest.mark.parametrize("mode", ["convergent", "divergent"])
def test_music_without_any_feature_gives_a_prompt(mode: str) -> None:
    assert len(_words(write(no_features(), mode, 0, 0))) >= 100


def test_a_draft_that_is_sent_back_is_replaced() -> None:
    request = {
        "features": random_features(3).model_dump(mode="json"), "abc": "", "mode": "convergent",
        "temperature": 0.4, "number": 0, "seed": 0, "previous": (), "draft": "", "problems": (),
    }  # fmt: skip
    first = write_by_rule(RuleInput(request, (), 1.0, "builtin"))["visual_prompt"]
    again = write_by_rule(RuleInput({**request, "draft": first}, (), 1.0, "builtin"))[
        "visual_prompt"
    ]
    assert first and again != first


async def test_the_embedded_family_runs_it_for_the_agent() -> None:
    backend = EntryPointCatalog().backend("text", "builtin", {}, {})
    request = VisualPromptRequest(
        features=random_features(5), mode="divergent", temperature=0.8, number=3
    )
    result = await backend.structured(WRITER, request, MemoryContext())  # type: ignore[attr-defined]
    assert problems_of(result.visual_prompt) == ()
    assert result.author == "builtin/visual-writer-1"
    assert result.temperature is None


def test_no_prompt_has_a_problem_of_form(samples: list[list[str]]) -> None:
    assert [p for sample in samples for prompt in sample for p in problems_of(prompt)] == []


def test_its_prompts_are_creative_and_controls_in_their_place_are_not(
    samples: list[list[str]],
) -> None:
    pytest.importorskip("sklearn")
    controls: list[Callable[[list[str]], str]] = [
        lambda one: one[4],
        lambda one: shuffled(one[4]),
        lambda one: one[0],
        lambda _one: SALAD,
        lambda _one: "",
    ]
    changed = [
        Sample([*one[:4], controls[at % 5](one)], random_features(at))
        for at, one in enumerate(samples[:15])
    ]
    rows = measure_by_words(changed)
    own, mixed, copied, salad, empty = (
        mean(row[4].overall or 0 for row in rows[at::5]) for at in range(5)
    )
    assert own > 45
    assert max(mixed, copied) < own / 4
    assert salad == empty == 0


def shuffled(prompt: str) -> str:
    parts = prompt.split()
    random.Random(prompt).shuffle(parts)
    return " ".join(parts)


def test_its_prompts_fit_their_own_music_better_than_another_sample_s(
    samples: list[list[str]],
) -> None:
    pytest.importorskip("sklearn")

    def fit(shift: int) -> float:
        paired = [
            Sample(one[:2], random_features((at + shift) % 30))
            for at, one in enumerate(samples[:30])
        ]
        return mean(one.fit or 0 for row in measure_by_words(paired) for one in row)

    assert fit(0) > fit(11) + 8
