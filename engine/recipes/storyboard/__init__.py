"""Recipe `storyboard`: from one brief, or a list of scenes, to images that look like one film."""

from engine.contract import ChatBackend, ImageBackend, ScoreBackend
from engine.contract.branching import BranchPoint
from engine.contract.decision_points import Approval, Choice, FreeText
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.recipe import Headline, Recipe
from engine.contract.tiers import Tier
from engine.contract.video import VideoBackend
from engine.recipes.storyboard.agents.cinematographer import CINEMATOGRAPHER
from engine.recipes.storyboard.agents.prompt_engineer import PROMPT_ENGINEER
from engine.recipes.storyboard.agents.scene_writer import SCENE_WRITER
from engine.recipes.storyboard.clips import CLIPS, ClipSheet, check_clips
from engine.recipes.storyboard.deciding import check_decision
from engine.recipes.storyboard.estimate import calls_of, check, check_entry, cpu_seconds_of, disk_of
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.loop import storyboard
from engine.recipes.storyboard.outputs import finish, project
from engine.recipes.storyboard.read_report import job_report
from engine.recipes.storyboard.settings import StoryboardSettings

TIERS = (
    Tier("words", ("scenes", "scene-*/iteration-*/write", "scene-*/iteration-*/review")),
    Tier("images", ("scene-*/variation-*/generate",)),
    Tier("scores", ("scene-*/score", "scene-*/again-*/score", "compare", "subject-*/*")),
    Tier("clips", ("scene-*/clip-*/generate",)),
    Tier("films", ("animatic", "film/*")),
)
"""Costs of a storyboard by its tiers."""

RECIPE = Recipe(
    name="storyboard",
    version="2",
    summary="From a brief or scenes to a set of images that look like one film.",
    input=StoryboardInput,
    settings=StoryboardSettings,
    uses={
        "image": ImageBackend,
        "text": ChatBackend,
        "score": ScoreBackend,
        "video": VideoBackend,
    },
    agents=(SCENE_WRITER, CINEMATOGRAPHER, PROMPT_ENGINEER),
    run=storyboard,
    headline=Headline("quality", low=0, high=100),
    estimate=calls_of,
    disk=disk_of,
    cpu_seconds=cpu_seconds_of,
    decisions=(
        Approval(CLIPS, ClipSheet, check_clips),
        Choice("scene-*/select", check_decision),
        FreeText("scene-*/prompt", check_decision),
        FreeText("scene-*/subjects", check_decision, "names with commas between them; - is nobody"),
    ),
    branch=BranchPoint("scene", shared=("scenes", "scenes-by-rule")),
    options=(
        Option("--prompt", "prompt", "entry"),
        Option("--target-duration", "target_duration", "entry"),
        Option("--reference-image", "reference_image", "entry"),
        Option("--id", "id", "entry"),
        Option("--max-iterations", "max_enhancement_iterations"),
    ),
    outputs=Outputs(
        "reference_image_traces",
        report=job_report,
        write_job=project,
        write_batch=finish,
        flat=True,
    ),
    tiers=TIERS,
    check=check,
    check_entry=check_entry,
)
"""The recipe, as the entry point `storyboard` of `safelight.recipes` gives it."""
