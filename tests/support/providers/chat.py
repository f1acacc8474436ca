"""What a chat model says in tests, whichever provider it is behind."""

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


@dataclass
class Script:
    """What the model says, reply by reply; the last one again and again.

    Attributes:
        replies: Words, or anything else as JSON. Empty, it judges a picture or writes a prompt,
            as the system's text asks.
        ended: Why it stopped, in the provider's own words; None for the usual.
        tokens: Tokens in and out.
    """

    replies: list[Any] = field(default_factory=list)
    ended: str | None = None
    tokens: tuple[int, int] = (1200, 80)

    def say(self, system: str) -> str:
        """The next reply."""
        if not self.replies:
            return json.dumps(JUDGED if "judge pictures" in system else WRITTEN)
        said = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return said if isinstance(said, str) else json.dumps(said)
