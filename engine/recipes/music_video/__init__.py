"""Recipe `music-video`: from a song to a film that is cut to it."""

from engine.contract import ChatBackend, ImageBackend, ScoreBackend
from engine.contract.decision_points import Approval, Choice, FreeText
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.page import PagePart
from engine.contract.recipe import Headline, Recipe
from engine.contract.video import VideoBackend
from engine.recipes.music_video.again import rendered_again
from engine.recipes.music_video.agents.director import DIRECTOR
from engine.recipes.music_video.approval import KeyframeSheet, check_plan, check_sheet
from engine.recipes.music_video.deciding import HINTS, SEED_HINT, check_decision
from engine.recipes.music_video.estimate import calls_of, cpu_seconds_of, disk_of
from engine.recipes.music_video.input import MusicVideoInput
from engine.recipes.music_video.loop import KEYFRAMES, PLAN, best_part, music_video
from engine.recipes.music_video.outputs import write_batch, write_job
from engine.recipes.music_video.present import present_text
from engine.recipes.music_video.read_report import job_report
from engine.recipes.music_video.reader import READER
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.spec import RenderSpec
from engine.recipes.music_video.tiers import TIERS

PAGE = (
    PagePart("film", steps=("film/join",), role="film"),
    PagePart("preview", steps=("preview/join",), role="film"),
    PagePart("song", field="song"),
    PagePart("sections", steps=("analyse",), role="timeline"),
    PagePart("film plan", steps=("outline",), role="timeline"),
    PagePart("keyframes", steps=("section-*/image-*/grade",), role="graded", beside=True),
    PagePart("clips", steps=("section-*/clip-*/generate",), beside=True),
)
"""The page of a film in the dashboard: the result, then its parts."""

RECIPE = Recipe(
    name="music-video",
    version="1",
    summary="From a song to a film: planned by its sections, cut to its beats.",
    input=MusicVideoInput,
    settings=MusicVideoSettings,
    uses={
        "text": ChatBackend,
        "image": ImageBackend,
        "score": ScoreBackend,
        "video": VideoBackend,
    },
    agents=(DIRECTOR,),
    run=music_video,
    headline=Headline("planned", low=0, high=100, unit="%"),
    estimate=calls_of,
    disk=disk_of,
    cpu_seconds=cpu_seconds_of,
    decisions=(
        Approval(PLAN, RenderSpec, check_plan),
        Approval(KEYFRAMES, KeyframeSheet, check_sheet),
        *(
            FreeText(f"section-*/{kind}", check_decision, hint, rendered_again, present_text)
            for kind, hint in HINTS.items()
        ),
        Choice("section-*/image-*/select", check_decision, again=rendered_again),
        FreeText("section-*/image-*/seed", check_decision, SEED_HINT, rendered_again, present_text),
    ),
    options=(
        Option("--song", target="input", help="The song or songs; the same as INPUT."),
        Option("--template", "template"),
        Option("--style", "style"),
        Option("--aspect", "aspect"),
        Option("--export", "export"),
        Option("--fps", "fps"),
        Option("--tier", "tier"),
    ),
    outputs=Outputs(
        "music_videos", report=job_report, write_job=write_job, write_batch=write_batch
    ),
    reader=READER,
    page=PAGE,
    tiers=TIERS,
    best_part=best_part,
    extra="audio,video",
)
"""The recipe, as the entry point `music-video` of `safelight.recipes` gives it."""
