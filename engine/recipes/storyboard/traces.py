"""The text files of a scene's traces: who wrote what, and what was thought of it."""

from collections.abc import Iterator, Sequence

from engine.recipes.storyboard.documents import image_name
from engine.recipes.storyboard.film import CRITERIA
from engine.recipes.storyboard.report import Round, SceneReport
from engine.text.terminal import clean


def trace_texts(scene: SceneReport) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a scene's text files, fit to be shown in a terminal."""
    yield "00_original_prompt.txt", _text([scene.prompt, scene.notes])
    for one in scene.rounds:
        place, turn = 2 * one.number - 1, f"iteration_{one.number}.txt"
        yield f"{place:02d}_agent1_{turn}", _text(_written(one))
        if one.review is not None:
            yield f"{place + 1:02d}_agent2_{turn}", _text(_judged(one))
    if scene.wording is not None:
        yield "final_enhanced_prompt.txt", _text([scene.wording.prompt])
    if scene.image is not None:
        yield "selected_best.txt", _text(_selected(scene))


def _written(one: Round) -> Iterator[str]:
    yield f"Cinematographer, round {one.number} ({one.shot.author})"
    yield one.shot.prompt
    if one.shot.negative_prompt:
        yield f"Keep out: {one.shot.negative_prompt}"
    if one.shot.reason:
        yield f"Why: {one.shot.reason}"


def _judged(one: Round) -> Iterator[str]:
    review = one.review
    if review is None:
        return
    yield f"Prompt Engineer, round {one.number} ({review.scorer})"
    scores = [f"{name.replace('_', ' ')}: {getattr(review, name):g}" for name in CRITERIA]
    yield "\n".join([f"overall: {review.overall:g} of 100", *scores])
    yield review.critique
    if review.suggestions:
        yield "\n".join(f"- {suggestion}" for suggestion in review.suggestions)


def _selected(scene: SceneReport) -> Iterator[str]:
    yield image_name(scene, scene.selection.chosen if scene.selection else 1)
    if scene.quality is not None:
        yield f"Quality score: {scene.quality:.2f} of 100"
    yield scene.reason
    yield from scene.warnings
    yield from scene.selection.ranking.notes if scene.selection else ()


def _text(parts: Sequence[str] | Iterator[str]) -> bytes:
    """Paragraphs as UTF-8, without anything that a terminal would act on."""
    text = "\n\n".join(part.strip() for part in parts if part.strip())
    return (clean(text, None, keep_newlines=True) + "\n").encode()
