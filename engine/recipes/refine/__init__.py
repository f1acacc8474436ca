"""Recipe `refine`: generate an image, evaluate it, refine the prompt; keep the best."""

from engine.contract import ChatBackend, ImageBackend
from engine.contract.branching import BranchPoint
from engine.contract.decision_points import Approval, Choice, FreeText
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.recipe import Headline, Recipe
from engine.recipes.refine.agents.evaluator import EVALUATOR
from engine.recipes.refine.agents.refiner import REFINER
from engine.recipes.refine.deciding import check_decision
from engine.recipes.refine.gates import GROUP, REFINED, START, NextImage
from engine.recipes.refine.importer import IMPORTER
from engine.recipes.refine.input import RefineInput
from engine.recipes.refine.loop import refine
from engine.recipes.refine.read_report import finish, job_report, project
from engine.recipes.refine.settings import RefineSettings

RECIPE = Recipe(
    name="refine",
    version="1",
    summary="Generate an image, evaluate it, refine the prompt; keep the best.",
    input=RefineInput,
    settings=RefineSettings,
    uses={"image": ImageBackend, "vision": ChatBackend, "text": ChatBackend},
    agents=(EVALUATOR, REFINER),
    run=refine,
    headline=Headline("score", low=0, high=100),
    estimate=lambda _entry, settings: {
        "image": (1, settings.max_iterations),
        "vision": (1, settings.max_iterations),
        "text": (0, settings.max_iterations - 1),
    },
    decisions=(
        Choice("select", check_decision),
        FreeText("iteration-*/prompt", check_decision),
        Approval(START, NextImage),
        Approval(f"iteration-*/{REFINED}", NextImage, group=GROUP),
    ),
    branch=BranchPoint("iteration", shared=(START,)),
    options=(Option("--max-iterations", "max_iterations"),),
    outputs=Outputs(report=job_report, write_job=project, write_batch=finish),
    importer=IMPORTER,
)
"""The recipe, as the entry point `refine` of `safelight.recipes` gives it."""
