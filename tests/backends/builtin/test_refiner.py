from typing import Any

from engine.backends.builtin.painter.paint import paint
from engine.imaging.vocabulary.reading import read
from engine.recipes.refine.rules.critic import evaluate
from engine.recipes.refine.rules.refiner import Advice, PastAttempt, refine

NIGHT = "a lake at night"


def tried(prompt: str = NIGHT, score: float = 50, **measurements: float) -> PastAttempt:
    return PastAttempt(prompt=prompt, score=score, measurements=measurements)


def test_the_brief_stays_as_it_is_and_corrections_follow():
    advice = refine(NIGHT, [tried(lightness=0.6, contrast=0.15, saturation=0.05, warmth=-0.5)])
    assert advice.prompt.startswith(NIGHT)
    assert read(advice.prompt).corrections["brightness"] < -1
    assert set(read(advice.prompt).corrections) == {"brightness"}
    assert "lightness is 0.60" in advice.reason.casefold()
    assert "darker" in advice.reason


def test_it_aims_by_what_the_attempts_have_shown():
    first = tried(lightness=0.6)
    weak = tried(f"{NIGHT}\nCorrections: (darker:1).", 55, lightness=0.57)
    strong = tried(f"{NIGHT}\nCorrections: (darker:1).", 55, lightness=0.45)
    after_weak, after_strong = (
        -read(refine(NIGHT, [first, late]).prompt).corrections["brightness"]
        for late in (weak, strong)
    )
    assert after_weak > after_strong > 1


def test_it_returns_to_the_best_attempt():
    good = tried(f"{NIGHT}\nCorrections: (darker:1).", 80, lightness=0.34)
    bad = tried(f"{NIGHT}\nCorrections: (darker:3.5).", 30, lightness=0.05)
    advice = refine(NIGHT, [tried(score=50, lightness=0.45), good, bad])
    assert 1 < -read(advice.prompt).corrections["brightness"] < 2
    assert "back to that one" in advice.reason


def test_a_correction_that_did_not_help_is_not_repeated():
    first = tried(lightness=0.5)
    same = tried(f"{NIGHT}\nCorrections: (darker:2).", 50, lightness=0.5)
    advice = refine(NIGHT, [first, same])
    assert "brightness" not in read(advice.prompt).corrections
    assert "nothing measurable" in advice.reason.casefold()


def test_overshooting_is_taken_back():
    first = tried(lightness=0.6)
    over = tried(f"{NIGHT}\nCorrections: (darker:3).", 60, lightness=0.1)
    assert 1 < -read(refine(NIGHT, [first, over]).prompt).corrections["brightness"] < 3


def test_corrections_of_the_brief_itself_are_kept_and_not_counted_twice():
    brief = "a lake at night, darker"
    advice = refine(brief, [PastAttempt(prompt=brief, score=50, measurements={"lightness": 0.6})])
    again = refine(
        brief, [PastAttempt(prompt=advice.prompt, score=50, measurements={"lightness": 0.25})]
    )
    before, after = (read(one.prompt).corrections["brightness"] for one in (advice, again))
    assert after == before


def test_another_judge_without_measurements_is_heard_too():
    attempt = PastAttempt(prompt="a fox", score=40, missing=("the fox's tail", "(x:9) \x1b[2J {y}"))
    advice = refine("a fox", [attempt])
    assert "(the fox's tail:1.3)" in advice.prompt
    assert "\x1b" not in advice.prompt
    assert "emphasised" in advice.reason


def test_colours_are_asked_for_by_name():
    attempt = tried("teal and coral hills", **{"share:#17807f": 0.01})
    assert "more of teal" in refine("teal and coral hills", [attempt]).prompt


def test_the_negative_prompt_is_kept():
    attempt = PastAttempt(
        prompt=NIGHT, negative_prompt="boat", score=1, measurements={"lightness": 0.9}
    )
    assert refine(NIGHT, [attempt]).negative_prompt == "boat"


def test_the_loop_converges():
    brief = "hills and a lake at dusk, violet and amber, dramatic"
    for seed in (1, 2, 3):
        prompt, attempts = brief, []
        for _ in range(5):
            found = evaluate(paint(prompt, "", seed, 128, 128), brief)
            attempts.append(
                PastAttempt(prompt=prompt, score=found.score, measurements=found.measurements)
            )
            prompt = refine(brief, attempts).prompt
        best = max(attempt.score for attempt in attempts)
        assert best > 80
        assert best >= attempts[0].score


def test_hostile_histories():
    for text in ("", "\x00\x1b[2J", "x" * 100_000, "(" * 3000):
        attempts = [PastAttempt(prompt=text, score=0, measurements={"lightness": 0.9})] * 3
        assert refine(text, attempts).prompt.startswith(text)


def said(words: str, brief: str = "a boat on a lake", **more: Any) -> Advice:
    return refine(brief, [PastAttempt(prompt=brief, score=50, description=words, **more)])


def test_a_critique_in_words_is_followed():
    advice = said("Too dark, and the sail is missing. The water is not blurry; no boat.")
    corrections = advice.prompt.partition("\n")[2]
    assert corrections == "Corrections: (brighter:1.00), (sail:1.3), (boat:1.3)."
    assert "brighter, sail, boat" in advice.reason


def test_nothing_is_said_twice():
    advice = said("Missing a SAIL. It lacks the sail, lacks detail.", missing=("sail",))
    assert advice.prompt.count("(") == 2
    assert "(more detail:1.00), (sail:1.3)" in advice.prompt


def test_every_attempt_has_another_prompt():
    for measurements in ({}, {"lightness": 0.5, "contrast": 0.17, "saturation": 0.07}):
        attempts = [PastAttempt(prompt="a boat", score=50, measurements=measurements)]
        for _ in range(3):
            prompt = refine("a boat", attempts).prompt
            assert prompt not in [one.prompt for one in attempts]
            assert prompt.startswith("a boat\nCorrections: (")
            attempts.append(PastAttempt(prompt=prompt, score=50, measurements=measurements))
        assert not {"brightness", "contrast"} & read(prompt).corrections.keys() or not measurements


def test_what_is_tried_contradicts_neither_the_brief_nor_the_operator():
    wide = said("Fine.", "a tiny boat on a vast calm lake, no detail")
    assert set(read(wide.prompt).corrections) == {"saturation"}
    attempt = PastAttempt(prompt="a boat", score=50)
    assert "larger" not in refine("a boat", [attempt], avoid=["subject larger"]).prompt
    written = {refine("a boat", [attempt], others=number).prompt for number in range(4)}
    assert len(written) == 4


def test_things_that_a_checklist_misses_are_emphasised():
    met = {"lightness": 0.5, "contrast": 0.17, "saturation": 0.07}
    advice = said("", missing=("sail", "boat"), measurements=met)
    assert advice.prompt.endswith("Corrections: (boat:1.3).")
