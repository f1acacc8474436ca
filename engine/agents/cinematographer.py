"""The Cinematographer: writes the prompt of one shot, and writes it again after a review."""

from engine.agents.conversation import ChatTurn, Conversation
from engine.agents.films import as_json, told_film, told_scene
from engine.agents.prompt_files import fence, prompt_file
from engine.agents.refiner import RefinerAnswer
from engine.contract import CRITERIA, Draft, Shot, ShotRequest


def version() -> str:
    """Version of what the Cinematographer is told, part of every fingerprint that rests on it."""
    return prompt_file("cinematographer").version


def conversation(request: ShotRequest) -> Conversation:
    """What the Cinematographer is told: film, scene, and every draft with its review."""
    drafts = [_told(number, draft) for number, draft in enumerate(request.drafts, 1)]
    text = "\n\n".join(
        (
            told_film(request.film),
            told_scene(request.scene, request.number, request.total),
            fence("DRAFTS", as_json(drafts)),
        )
    )
    return Conversation(
        prompt_file("cinematographer").text, (ChatTurn("user", text),), RefinerAnswer
    )


def _told(number: int, draft: Draft) -> dict[str, object]:
    review = draft.review
    return {
        "draft": number,
        "prompt": draft.prompt,
        "overall": round(review.overall, 1),
        "scores": {name: round(getattr(review, name), 1) for name in CRITERIA},
        "critique": review.critique,
        "suggestions": list(review.suggestions),
    }


def shot(answer: RefinerAnswer, author: str) -> Shot:
    """The answer as a result.

    Args:
        answer: The Cinematographer's answer.
        author: Who wrote it: backend, model and version.
    """
    return Shot(
        prompt=answer.prompt,
        negative_prompt=answer.negative_prompt,
        reason=answer.reason,
        author=author,
    )
