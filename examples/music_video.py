"""Makes a film of a song from Python: plan it, look at the plan, change it, render it.

python examples/music_video.py [SONG] [WORKSPACE]
"""

import sys
from pathlib import Path
from typing import Any

from safelight import open_workspace

SONG = Path(__file__).with_name("greensleeves.ogg")

SETTINGS = {"width": 640, "template": "watercolour", "approve": "plan"}
"""A small film, whose plan waits for approval."""


def warmer(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan whose last section has warm colours and ends in a wipe.

    Args:
        plan: A render spec, as plain data.
    """
    last = plan["sections"][-1] | {"colorPalette": ["#7F2D12", "#F3722C", "#FFD166", "#FBEBC8"]}
    return plan | {"sections": [*plan["sections"][:-1], last | {"transitionIn": "wipe"}]}


def main(song: str | Path = SONG, folder: str = "demo-film", **settings: Any) -> None:
    """Make the film and print where it is, with its sections.

    Args:
        song: A sound file.
        folder: The workspace; created if it does not exist.
        **settings: Settings of the recipe, and `seed`.
    """
    with open_workspace(folder) as workspace:
        batch = workspace.queue("music-video", song, settings={**SETTINGS, **settings})
        workspace.follow(batch)  # up to the gate
        for gate in workspace.waiting(batch):
            workspace.approve(f"j{gate.job}", gate.key, value=warmer(gate.value))
        workspace.follow(batch)
        for report in workspace.results(batch):
            for section in report.spec.get("sections", ()):
                print(f"{section['startTime']:6.1f} s  {section['label']}: {section['theme']}")
            for fallback in report.fallbacks:
                print(fallback.message)
            if report.film is not None:
                print(f"{report.title}: {report.seconds:.0f} s, {report.film.width} pixels wide")


if __name__ == "__main__":
    main(*sys.argv[1:3])
