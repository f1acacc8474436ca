"""Recipe `refine`: generate an image, evaluate it, refine the prompt; keep the best."""

from engine.contract import AnyAgent, ChatBackend, ImageBackend, ScoreBackend
from engine.contract.branching import BranchPoint
from engine.contract.decision_points import Approval, Choice, FreeText
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.recipe import Headline, Recipe
from engine.recipes.refine.agents.answers import ANSWERER
from engine.recipes.refine.agents.comparer import COMPARER
from engine.recipes.refine.agents.evaluator import EVALUATOR
from engine.recipes.refine.agents.guard import GUARD
from engine.recipes.refine.agents.questions import QUESTIONER
from engine.recipes.refine.agents.refiner import REFINER
from engine.recipes.refine.agents.writer import WRITER
from engine.recipes.refine.deciding import check_candidate, check_decision
from engine.recipes.refine.estimate import calls_of, check
from engine.recipes.refine.evaluating import QUESTIONS
from engine.recipes.refine.gates import GROUP, REFINED, START, NextImage
from engine.recipes.refine.importer import IMPORTER
from engine.recipes.refine.input import RefineInput
from engine.recipes.refine.learning import LEARNER
from engine.recipes.refine.loop import best_part, refine
from engine.recipes.refine.opening import WRITE
from engine.recipes.refine.read_report import finish, job_report, project
from engine.recipes.refine.settings import RefineSettings


def agents_used(settings: RefineSettings) -> tuple[AnyAgent, ...]:
    """Return the agents that a job with some settings runs."""
    checklist = (QUESTIONER, ANSWERER) if settings.evaluation == "checklist" else ()
    comparer = (COMPARER,) if settings.evaluation == "pairwise" else ()
    guard = (GUARD,) if settings.is_guarded else ()
    writer = (WRITER,) if settings.write_prompt else ()
    return (EVALUATOR, REFINER, *checklist, *comparer, *guard, *writer)


RECIPE = Recipe(
    name="refine",
    version="1",
    summary="Generate an image, evaluate it, refine the prompt; keep the best.",
    input=RefineInput,
    settings=RefineSettings,
    uses={
        "image": ImageBackend,
        "vision": ChatBackend,
        "text": ChatBackend,
        "score": ScoreBackend,
    },
    agents=(EVALUATOR, REFINER, QUESTIONER, ANSWERER, COMPARER, GUARD, WRITER),
    agents_used=agents_used,
    run=refine,
    headline=Headline("score", low=0, high=100),
    estimate=calls_of,
    decisions=(
        Choice("select", check_decision),
        Choice("iteration-*/select", check_candidate),
        FreeText("iteration-*/prompt", check_decision),
        Approval(START, NextImage),
        Approval(f"iteration-*/{REFINED}", NextImage, group=GROUP),
        Approval(f"iteration-*/rewrite-*/{REFINED}", NextImage, group=GROUP),
    ),
    branch=BranchPoint("iteration", shared=(START, QUESTIONS, WRITE)),
    options=(
        Option("--prompt", "prompt", "entry", help="A prompt typed by hand."),
        Option("--max-iterations", "max_iterations"),
    ),
    outputs=Outputs(report=job_report, write_job=project, write_batch=finish),
    importer=IMPORTER,
    learner=LEARNER,
    best_part=best_part,
    check=check,
)
"""The recipe, as the entry point `refine` of `safelight.recipes` gives it."""
