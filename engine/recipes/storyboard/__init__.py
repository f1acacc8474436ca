"""Recipe `storyboard`: from one brief, or a list of scenes, to images that look like one film."""

from engine.contract import ChatBackend, ImageBackend, ScoreBackend
from engine.contract.branching import BranchPoint
from engine.contract.decision_points import Choice, FreeText
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.recipe import Headline, Recipe
from engine.recipes.storyboard.agents.cinematographer import CINEMATOGRAPHER
from engine.recipes.storyboard.agents.prompt_engineer import PROMPT_ENGINEER
from engine.recipes.storyboard.agents.scene_writer import SCENE_WRITER
from engine.recipes.storyboard.deciding import check_decision
from engine.recipes.storyboard.estimate import calls_of, check
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.loop import storyboard
from engine.recipes.storyboard.outputs import finish, project
from engine.recipes.storyboard.read_report import job_report
from engine.recipes.storyboard.settings import StoryboardSettings

RECIPE = Recipe(
    name="storyboard",
    version="2",
    summary="From a brief or scenes to a set of images that look like one film.",
    input=StoryboardInput,
    settings=StoryboardSettings,
    uses={"image": ImageBackend, "text": ChatBackend, "score": ScoreBackend},
    agents=(SCENE_WRITER, CINEMATOGRAPHER, PROMPT_ENGINEER),
    run=storyboard,
    headline=Headline("quality", low=0, high=100),
    estimate=calls_of,
    decisions=(
        Choice("scene-*/select", check_decision),
        FreeText("scene-*/prompt", check_decision),
        FreeText("scene-*/subjects", check_decision, "names with commas between them; - is nobody"),
    ),
    branch=BranchPoint("scene", shared=("scenes",)),
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
    check=check,
)
"""The recipe, as the entry point `storyboard` of `safelight.recipes` gives it."""
