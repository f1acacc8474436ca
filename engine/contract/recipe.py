"""Recipes: their description for the runtime, and the catalog that finds them by name."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.contract import AnyAgent, Backend
from engine.contract.batch import BatchStep
from engine.contract.branching import BranchPoint
from engine.contract.decision_points import AnyDecision, Approval
from engine.contract.importing import Importer
from engine.contract.job import Job
from engine.contract.learning import Learner
from engine.contract.options import Option, refuse_duplicates
from engine.contract.outputs import Outputs
from engine.contract.page import PagePart
from engine.contract.reader import Reader
from engine.contract.recipe_input import RecipeInput
from engine.contract.tiers import Tier
from engine.text.plural import enumerate_words
from engine.text.terminal import quoted

InputT = TypeVar("InputT", bound=RecipeInput)
SettingsT = TypeVar("SettingsT", bound="RecipeSettings")
ResultT = TypeVar("ResultT", bound=BaseModel)


class RecipeSettings(BaseModel):
    """Base of every recipe's settings.

    A recipe names the backend of each capability it uses in a field of the capability's name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


def listed(value: Any) -> Any:
    """Return text as its parts between commas, as in `--set`; anything else as it is."""
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


class GatedSettings(RecipeSettings):
    """Base of the settings of a recipe with gates."""

    approve: Annotated[tuple[str, ...], BeforeValidator(listed)] = Field(
        (),
        description="Gates at which jobs wait for approval: keys such as `plan`, or `*` for all.",
    )


class SpendingGates(GatedSettings):
    """Base of the settings of a recipe whose gates know what is spent behind them."""

    approve_above: float | None = Field(
        None,
        ge=0,
        description="Dollars: jobs wait for approval before what may cost more than this, or whose "
        "price is not known.",
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """The one number that a recipe's jobs are compared by.

    Attributes:
        metric: Name of the score, as results give it.
        low: Minimum.
        high: Maximum.
        unit: Unit, empty if it has none.
        higher_is_better: Whether a greater value is better.
    """

    metric: str
    low: float
    high: float
    unit: str = ""
    higher_is_better: bool = True

    def of(self, result: BaseModel) -> float | None:
        """Return the headline of a result: its field or property named `metric`, None without."""
        value = getattr(result, self.metric, None)
        return None if value is None else float(value)

    def best(self, one: float | None, other: float | None) -> float | None:
        """Return the better of two values; a missing one is never better."""
        if one is None or other is None:
            return one if other is None else other
        return max(one, other) if self.higher_is_better else min(one, other)


EntryProblems = Iterable[tuple[str, str]]
"""Problems of an entry: the field, empty for none, and what is wrong, as the end of a sentence."""

Calls = Mapping[str, tuple[int, int]]
"""Calls of one job by capability: the minimum and the maximum if nothing goes wrong."""


@dataclass(frozen=True, slots=True)
class Recipe(Generic[InputT, SettingsT, ResultT]):
    """A recipe, as an entry point of the group `safelight.recipes` gives it.

    Attributes:
        name: Name on the command line.
        version: Raised when the same input and settings give other steps.
        summary: One line for `safelight recipes`.
        input: Model of one entry of an input.
        settings: Model of the recipe's settings; one with gates has `GatedSettings`.
        uses: Protocol that the backend of each capability has to implement. One whose setting is
            None is not used.
        run: The loop.
        agents: Agents that it has its chat backends run. A backend that cannot run one is refused
            when a batch is queued, and a batch keeps the versions of all.
        agents_used: Returns those that it runs with some settings; all by default. Only their
            needs can refuse a backend.
        headline: The number that its jobs are compared by.
        estimate: Returns the calls of one entry's job; None if they cannot be foreseen.
        disk: Returns about how many bytes the files of one entry's job take; None if they cannot
            be foreseen.
        cpu_seconds: Returns about how many seconds of a processor one entry's job computes in the
            process pool; None if that is little or cannot be foreseen.
        decisions: Decisions and approvals that it asks operators for. Without any, every decision
            is accepted, and the recipe checks its type.
        options: Command-line flags of its own.
        before: Steps of a batch before its first job; jobs have their result as `job.prepared`.
        after: Steps of a batch after its last job, before its outputs are written.
        outputs: Reports and folders of its jobs.
        reader: Reads inputs that are not a list of entries.
        importer: Reads its finished results back from files.
        best_part: Returns the step with the best output of a job, from its result as plain data;
            `send` takes it if no part is named. By default it is the best file by the headline.
        branch: The scopes that a branch of a job may begin at; None if it can begin nowhere.
        page: Parts of a job that a dashboard shows together, from top to bottom.
        tiers: Groups of steps whose costs are shown together; a step is in the first that fits.
        check: Returns a problem of settings and the first backend of each capability; empty if
            there is none.
        check_entry: Yields the problems of an entry with these settings and backends; like those
            that its model has with it, they are reported with file, entry and field.
        backend_settings: Returns settings of backends by the backend's name, which a value of its
            own settings stands for: a checkpoint, for example. They override the workspace's, and
            are overridden by `--set BACKEND.key`.
        learner: Reads what its finished jobs have shown, and gives it to new batches.
        extra: Extra of Safelight that has its packages, for example `audio`, or several:
            `audio,video`; empty if it needs none. Without them a batch is refused before its
            input is read.
    """

    name: str
    version: str
    summary: str
    input: type[InputT]
    settings: type[SettingsT]
    uses: Mapping[str, type]
    run: Callable[[Job[InputT, SettingsT]], Awaitable[ResultT]]
    headline: Headline
    agents: tuple[AnyAgent, ...] = ()
    agents_used: Callable[[SettingsT], tuple[AnyAgent, ...]] | None = None
    estimate: Callable[[InputT, SettingsT], Calls] | None = None
    disk: Callable[[InputT, SettingsT], int] | None = None
    cpu_seconds: Callable[[InputT, SettingsT], float] | None = None
    decisions: tuple[AnyDecision, ...] = ()
    options: tuple[Option, ...] = ()
    before: BatchStep[Any] | None = None
    after: BatchStep[Any] | None = None
    outputs: Outputs = field(default_factory=Outputs)
    reader: Reader | None = None
    importer: Importer | None = None
    best_part: Callable[[Any], str] | None = None
    branch: BranchPoint | None = None
    page: tuple[PagePart, ...] = ()
    tiers: tuple[Tier, ...] = ()
    check: Callable[[SettingsT, Mapping[str, Backend]], str] | None = None
    check_entry: Callable[[InputT, SettingsT, Mapping[str, Backend]], EntryProblems] | None = None
    backend_settings: Callable[[SettingsT], Mapping[str, Mapping[str, Any]]] | None = None
    learner: Learner | None = None
    extra: str = ""

    def __post_init__(self) -> None:
        refuse_duplicates(self.options)
        if self.approvals and not issubclass(self.settings, GatedSettings):
            raise TypeError(f"{self.name}: settings of a recipe with gates are GatedSettings")
        for agent in self.agents:
            if agent.capability not in self.uses:
                raise ValueError(
                    f"{self.name}: the agent {agent.id} needs {agent.capability}, which is not used"
                )
        models = {"setting": self.settings, "entry": self.input}
        for option in self.options:
            model = models.get(option.target)
            if model is not None and option.name not in model.model_fields:
                raise ValueError(
                    f"{self.name}: {option.flag} sets {option.name!r}, an unknown field"
                )

    def agents_for(self, settings: SettingsT) -> tuple[AnyAgent, ...]:
        """Return the agents that it runs with some settings."""
        return self.agents if self.agents_used is None else self.agents_used(settings)

    def settings_of_backends(self, settings: SettingsT) -> Mapping[str, Mapping[str, Any]]:
        """Return the settings of backends that its own stand for, by the backend's name."""
        return {} if self.backend_settings is None else self.backend_settings(settings)

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """The recipe's gates."""
        return tuple(one for one in self.decisions if isinstance(one, Approval))

    @property
    def entry_fields(self) -> tuple[str, ...]:
        """Fields of the one entry that flags or `--set` may give in place of an input file."""
        return tuple(option.name for option in self.options if option.target == "entry")


AnyRecipe = Recipe[Any, Any, Any]


def operations_of(protocol: type) -> list[str]:
    """Return the methods that a protocol adds to those of every backend."""
    names = (name for name, _ in inspect.getmembers(protocol, inspect.isfunction))
    return [name for name in names if not name.startswith("_") and not hasattr(Backend, name)]


def is_asked(key: str, patterns: Sequence[str]) -> bool:
    """Return whether a decision's key fits one of some patterns; a `*` does not match a `/`."""
    parts = key.split("/")
    return any(
        len(wanted) == len(parts)
        and all(fnmatchcase(part, form) for part, form in zip(parts, wanted, strict=True))
        for wanted in (pattern.split("/") for pattern in patterns)
    )


def decision_for(recipe: AnyRecipe, key: str) -> AnyDecision | None:
    """Return the recipe's decision that a key belongs to; None if it asks for no such one."""
    return next((one for one in recipe.decisions if is_asked(key, (one.key,))), None)


def gate_is_on(settings: RecipeSettings, key: str, group: str = "", cost: int | None = 0) -> bool:
    """Return whether jobs with some settings wait for approval at a gate.

    Args:
        settings: The settings.
        key: The gate's key.
        group: Name that stands for it in the setting `approve`; empty for none.
        cost: Micro-dollars that may be spent behind it; None if not known.
    """
    gates = settings.approve if isinstance(settings, GatedSettings) else ()
    if "*" in gates or is_asked(key, gates) or (group and group in gates):
        return True
    above = settings.approve_above if isinstance(settings, SpendingGates) else None
    return above is not None and (cost is None or cost > above * 1_000_000)


def unknown_gate(recipe: AnyRecipe, settings: RecipeSettings) -> str:
    """Return a sentence about a gate of the settings that the recipe does not have, or nothing."""
    has = [approval.group or approval.key for approval in recipe.approvals]
    has += [approval.key for approval in recipe.approvals if approval.group]
    for gate in settings.approve if isinstance(settings, GatedSettings) else ():
        if gate != "*" and gate not in has and not is_asked(gate, has):
            gates = ", ".join(has)
            return f"Setting approve: {recipe.name} has no gate {quoted(gate)}; it has {gates}."
    return ""


def can_decide(recipe: AnyRecipe, key: str) -> bool:
    """Return whether a recipe asks for a decision of a key; without any declared, it may."""
    asked = decision_for(recipe, key)
    return not recipe.decisions or (asked is not None and not isinstance(asked, Approval))


def not_asked(recipe: AnyRecipe, key: str) -> str:
    """Return the sentence about a decision's key that a recipe does not ask for."""
    if isinstance(decision_for(recipe, key), Approval):
        return (
            f"{quoted(key)} is a gate: safelight approve JOB {key}, or safelight reject JOB {key}."
        )
    keys = [one.key for one in recipe.decisions if not isinstance(one, Approval)]
    asked = f"{enumerate_words(keys)} (* is a number)" if keys else "no decision"
    return f"{recipe.name} does not ask for {quoted(key)}; it asks for {asked}."


class Catalog(Protocol):
    """Catalog that finds recipes and backends by name."""

    def recipe(self, name: str) -> AnyRecipe:
        """Return the recipe of a name.

        Raises:
            KeyError: There is none.
        """
        ...

    def backend(
        self,
        capability: str,
        name: str,
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Backend:
        """Return a backend of a name for a capability.

        Raises:
            KeyError: There is none.
        """
        ...

    def backend_settings(self, name: str, settings: Mapping[str, Any]) -> BaseModel:
        """Return the validated settings of a family of backends.

        Raises:
            KeyError: There is no such family.
            ValueError: Something in them is wrong.
        """
        ...
