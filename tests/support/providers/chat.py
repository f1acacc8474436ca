"""Replies of a chat model in tests, whichever provider it is behind."""

import json
from dataclasses import dataclass, field
from typing import Any

JUDGED = {
    "description": "A red barn in snow.",
    "missing": ["the moon"],
    "reasons": ["The barn is red.", "There is no moon."],
    "score": 71.5,
}
WRITTEN = {
    "reason": "The moon was missing.",
    "prompt": "a full moon above a red barn in snow",
    "negative_prompt": "people",
}
SHOT = {
    "reason": "A low angle makes the barn large.",
    "prompt": "low-angle wide shot of a red barn in snow, 24 mm, moonlight at 4100 K from the left",
    "negative_prompt": "people",
}
REVIEWED = {
    "critique": "Camera and light are chosen; the composition is not.",
    "suggestions": ["Say where the barn stands in the frame."],
    "completeness": 70,
    "specificity": 80,
    "professionalism": 90,
    "cinematography": 85.5,
    "brand_alignment": 60,
}


def scenes(count: int) -> dict[str, Any]:
    """An answer of so many scenes."""
    listed = [
        {"prompt": f"the barn, moment {number}", "duration": number, "notes": ""}
        for number in range(1, count + 1)
    ]
    return {"scenes": listed}


QUESTIONED = {
    "questions": [
        {"id": "q1", "text": "Is there a barn?", "kind": "object", "depends_on": []},
        {"id": "q2", "text": "Is the barn red?", "kind": "colour", "depends_on": ["q1"]},
        {"id": "q3", "text": "Is there a full moon?", "kind": "object", "depends_on": []},
    ]
}
ANSWERED = {
    "description": "A red barn in snow.",
    "answers": [
        {"id": "q1", "reason": "a barn", "verdict": "yes", "confidence": 0.9},
        {"id": "q2", "reason": "red walls", "verdict": "yes", "confidence": 0.8},
        {"id": "q3", "reason": "no moon", "verdict": "no", "confidence": 1.0},
    ],
}
COMPARED = {
    "first": "A barn and no moon.",
    "second": "A barn and a moon.",
    "reason": "Only the second has the moon.",
    "winner": "second",
}
GUARDED = {"lost": ["the snow"], "contradicted": []}
_SAYS = {
    "into a checklist": QUESTIONED,
    "You answer questions about a picture": ANSWERED,
    "You compare pictures": COMPARED,
    "You check prompts": GUARDED,
    "judge pictures": JUDGED,
    "cinematographer. You write prompts": SHOT,
    "You review prompts": REVIEWED,
    "You split a film's brief": scenes(4),
}
"""Default answers, by a part of the system's text."""


@dataclass
class Script:
    """Replies of the model, one by one; the last one is repeated.

    Attributes:
        replies: Words, or anything else as JSON. Empty, it answers as the agent that the
            system's text speaks to; four scenes where it is to split a film.
        ended: Why it stopped, in the provider's own words; None for the usual.
        tokens: Tokens in and out.
    """

    replies: list[Any] = field(default_factory=list)
    ended: str | None = None
    tokens: tuple[int, int] = (1200, 80)

    def say(self, system: str) -> str:
        """The next reply."""
        if not self.replies:
            said = next((answer for mark, answer in _SAYS.items() if mark in system), WRITTEN)
            return json.dumps(said)
        said = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return said if isinstance(said, str) else json.dumps(said)
