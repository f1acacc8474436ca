"""Recipe `refine`: generate a picture, evaluate it, refine the prompt; keep the best."""

from engine.contract.recipe import Headline, Recipe
from engine.recipes.refine.deciding import check_decision
from engine.recipes.refine.input import RefineInput
from engine.recipes.refine.loop import refine
from engine.recipes.refine.read_report import finish, job_report, project
from engine.recipes.refine.settings import RefineSettings

RECIPE = Recipe(
    name="refine",
    version="1",
    summary="Generate a picture, evaluate it, refine the prompt; keep the best.",
    input=RefineInput,
    settings=RefineSettings,
    capabilities=("image", "vision", "text"),
    headline=Headline("score", low=0, high=100),
    run=refine,
    score=lambda turn: turn.score,
    starting_prompt=lambda entry: (entry.full_prompt, entry.negative_prompt),
    most_steps=lambda settings: 3 * settings.max_iterations - 1,
    calls=lambda settings: {
        "image": (1, settings.max_iterations),
        "vision": (1, settings.max_iterations),
        "text": (0, settings.max_iterations - 1),
    },
    decisions=("select", "iteration-*/prompt"),
    check_decision=check_decision,
    report=job_report,
    project=project,
    finish=finish,
)
"""The recipe, as the entry point `refine` of `safelight.recipes` gives it."""
