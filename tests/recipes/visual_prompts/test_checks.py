"""Form of prompts: what is removed, and what has to be written again."""

import pytest

from engine.recipes.visual_prompts.checks import cleaned, problems_of

SENTENCE = "A grey heron stands in the shallows while low light runs along the reeds behind it. "
GOOD = (SENTENCE * 8).strip()  # 128 words


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ('"A red barn."', "A red barn."),
        ("“A red barn.”", "A red barn."),
        ("Here is the prompt: A red barn.", "A red barn."),
        ("Sure! Here's a visual prompt for you:\n\nA red barn.", "A red barn."),
        ('Here is one:\n"A red barn."', "A red barn."),
        ("Prompt: A **red** barn.", "A red barn."),
        ("A red\nbarn.\n\n\nA  moon.", "A red barn.\n\nA moon."),
        ('"Low" and "high" stand apart, "so"', '"Low" and "high" stand apart, "so"'),
        ("Here the river bends.", "Here the river bends."),
    ],
)
def test_wrapping_goes_and_prose_stays(reply: str, expected: str) -> None:
    assert cleaned(reply) == expected
    assert cleaned(expected) == expected


def test_good_prose_has_no_problems() -> None:
    assert problems_of(GOOD) == ()
    assert problems_of(f"{GOOD}\n\n{SENTENCE}") == ()


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        (SENTENCE, "16 words"),
        (SENTENCE * 20, "320 words"),
        ("", "0 words"),
        (f"{GOOD}\n- a moon\n- a barn", "list"),
        (f"1. {GOOD}", "list"),
        (f"# Night\n{GOOD}", "heading"),
        (f"Color Palette: grey and green. {GOOD}", "heading"),
        (f"Here is it. {GOOD}", "remark"),
        (f'"{GOOD}', "quotation"),
        (f"{GOOD} *", "asterisks"),
        (f"{GOOD} In the manner of SDXL.", "image model: sdxl"),
        (f"{GOOD} The melody rises.", "music: melody"),
        (f"{GOOD} It moves at 120 BPM.", "music: bpm"),
    ],
)
def test_each_problem_is_named(prompt: str, word: str) -> None:
    found = problems_of(prompt)
    assert len(found) == 1, found
    assert word in found[0]
