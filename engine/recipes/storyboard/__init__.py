"""Recipe `storyboard`: from one brief, or a list of scenes, to pictures that look like one film."""

from engine.contract.recipe import Headline, Recipe
from engine.recipes.storyboard.deciding import check_decision
from engine.recipes.storyboard.estimate import calls_of, check
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.loop import storyboard
from engine.recipes.storyboard.outputs import finish, project
from engine.recipes.storyboard.read_report import job_report
from engine.recipes.storyboard.settings import StoryboardSettings

RECIPE = Recipe(
    name="storyboard",
    version="1",
    summary="From a brief or scenes to a set of pictures that look like one film.",
    input=StoryboardInput,
    settings=StoryboardSettings,
    capabilities=("image", "text", "score"),
    headline=Headline("quality", low=0, high=100),
    run=storyboard,
    score=lambda result: result.quality,
    calls_of=calls_of,
    operations={
        "image": ("generate",),
        "text": ("write_scenes", "write_shot", "review_shot"),
        "score": ("score", "compare"),
    },
    check=check,
    own_fields=("id", "prompt", "target_duration", "reference_image"),
    iterations="max_enhancement_iterations",
    decisions=("scene-*/select", "scene-*/prompt"),
    check_decision=check_decision,
    report=job_report,
    folder="reference_image_traces",
    flat=True,
    project=project,
    finish=finish,
)
"""The recipe, as the entry point `storyboard` of `safelight.recipes` gives it."""
