"""The shot list of a storyboard: a row for each scene, as CSV and for a table on paper."""

import csv
import io
from dataclasses import dataclass

from engine.recipes.storyboard.documents import chosen_name
from engine.recipes.storyboard.lengths import seconds_of
from engine.recipes.storyboard.report import SceneReport, StoryboardReport
from engine.text.terminal import clean

COLUMNS = (
    "scene", "id", "start", "end", "seconds", "shows", "action", "notes", "prompt",
    "negative_prompt", "image", "clips", "quality", "remarks",
)  # fmt: skip
"""Heads of the columns."""

_FORMULA = ("=", "+", "-", "@", "\t")
"""Beginnings of a text that a program of spreadsheets computes."""


@dataclass(frozen=True, slots=True)
class ListedShot:
    """One scene as its row has it, its texts fit to be shown.

    Attributes:
        scene: The scene.
        start: Time at which it starts in the film, in seconds.
        end: Time at which it ends.
        clips: Names of the files of its clips.
    """

    scene: SceneReport
    start: float
    end: float
    clips: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return round(self.end - self.start, 3)

    @property
    def subjects(self) -> str:
        """Names of the subjects that it shows."""
        return ", ".join(clean(one.name, 80) for one in self.scene.subjects)

    @property
    def quality(self) -> str:
        """Quality of its image, with one decimal; empty if it has none."""
        return "" if self.scene.quality is None else f"{self.scene.quality:.1f}"

    def cells(self) -> tuple[str, ...]:
        """Return the cells of its row, in the order of `COLUMNS`."""
        scene, words = self.scene, self.scene.wording
        texts = (
            str(scene.number),
            scene.id,
            f"{self.start:.3f}",
            f"{self.end:.3f}",
            f"{self.seconds:.3f}",
            self.subjects,
            scene.prompt,
            scene.notes,
            words.prompt if words else "",
            words.negative_prompt if words else "",
            chosen_name(scene) if scene.image else "",
            ", ".join(self.clips),
            self.quality,
            " ".join(scene.warnings),
        )
        return tuple(map(_cell, texts))


def shots_of(report: StoryboardReport) -> list[ListedShot]:
    """Return the shots of a storyboard, one after the other."""
    scenes, at, shots = report.scenes, 0.0, []
    lengths = seconds_of([one.duration for one in scenes], report.input.target_duration)
    for scene, seconds in zip(scenes, lengths, strict=True):
        end = round(at + seconds, 3)
        clips = tuple(one.file for one in report.clips if one.scene == scene.number and one.file)
        shots.append(ListedShot(scene, at, end, clips))
        at = end
    return shots


def shot_list_csv(report: StoryboardReport) -> bytes:
    """Return the shot list as CSV (UTF-8 with a mark, so that programs of spreadsheets see it)."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(shot.cells() for shot in shots_of(report))
    return stream.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    """Return a text without what a terminal acts on, and as no formula."""
    plain = clean(text, None)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
