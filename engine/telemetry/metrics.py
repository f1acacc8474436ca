"""Metrics for Prometheus, read from the store whenever somebody asks for them.

Counters are the store's totals: they go on over restarts, and never go down when batches are
deleted or old history is removed. No label holds a text of a user.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from db.migrations.m0016_totals import COMMITS, SECONDS, TOKENS
from db.queries import totals
from db.rows import HostRow, LaneRow
from engine.telemetry.genai import operation_of, provider_of
from engine.telemetry.labels import Bounded
from engine.text.amounts import dollars

if TYPE_CHECKING:
    from prometheus_client import Metric

MAX_MODELS = 200
MAX_NAMES = 60
"""Values of labels other than models: recipes, operations, backends, lanes, devices."""

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that one scrape shows, as it was read from the store.

    Attributes:
        version: Version of Safelight.
        engine: True if an engine runs.
        steps: Ended steps.
        tokens: Tokens of calls.
        costs: What was spent.
        faults: Attempts that failed.
        present: The present state.
        lanes: Lanes of the engine that runs.
        hosts: Its model hosts.
    """

    version: str
    engine: bool
    steps: Sequence[totals.StepTotal]
    tokens: Sequence[totals.TokenTotal]
    costs: Sequence[totals.CostTotal]
    faults: Sequence[totals.FaultTotal]
    present: totals.Present
    lanes: Sequence[LaneRow] = ()
    hosts: Sequence[HostRow] = ()


@dataclass(slots=True)
class _Names:
    """The values that labels have had so far."""

    models: Bounded = field(default_factory=lambda: Bounded(MAX_MODELS))
    recipes: Bounded = field(default_factory=lambda: Bounded(MAX_NAMES))
    operations: Bounded = field(default_factory=lambda: Bounded(MAX_NAMES))
    backends: Bounded = field(default_factory=lambda: Bounded(MAX_NAMES))
    lanes: Bounded = field(default_factory=lambda: Bounded(MAX_NAMES))
    devices: Bounded = field(default_factory=lambda: Bounded(MAX_NAMES))


def families(reading: Reading) -> Iterator["Metric"]:
    """Yield the metrics of a reading."""
    names = _Names()
    yield from _of_engine(reading)
    yield from _of_steps(reading, names)
    yield from _of_money(reading, names)
    yield from _of_faults(reading, names)
    yield from _of_tokens(reading, names)
    yield from _of_jobs(reading)
    yield from _of_lanes(reading, names)
    yield from _of_hosts(reading, names)
    yield _commits(reading)


def _of_engine(reading: Reading) -> Iterator["Metric"]:
    yield _gauge("safelight_info", "Version of Safelight.", ["version"], [((reading.version,), 1)])
    up = [((), float(reading.engine))]
    yield _gauge("safelight_engine_up", "1 while an engine of the workspace runs.", [], up)
    paused = [((), float(reading.present.paused))]
    yield _gauge("safelight_paused", "1 while everything is paused.", [], paused)


def _of_steps(reading: Reading, names: _Names) -> Iterator["Metric"]:
    counts, durations = defaultdict[Labels, float](float), _Histograms(SECONDS)
    for row in reading.steps:
        recipe, operation = names.recipes(row.recipe), names.operations(row.operation)
        model = (names.backends(row.backend), names.models(row.model))
        counts[recipe, operation, *model, row.outcome] += row.count
        if row.bucket >= 0:
            durations.add((operation, *model), row.bucket, row.count, row.seconds)
    yield _counter(
        "safelight_steps",
        "Steps that have ended, by outcome: done, reused, failed, or unknown for a paid call that "
        "nobody knows the outcome of. A step that runs again counts again.",
        ["recipe", "operation", "backend", "model", "outcome"],
        counts.items(),
    )
    yield durations.metric(
        "safelight_step_duration_seconds",
        "Duration of steps that were done at their first attempt, without the wait for the lane.",
        ["operation", "backend", "model"],
    )


def _of_money(reading: Reading, names: _Names) -> Iterator["Metric"]:
    costs = defaultdict[Labels, float](float)
    for row in reading.costs:
        costs[names.backends(row.backend), names.models(row.model)] += dollars(row.cost)
    labels = ["backend", "model"]
    yield _counter("safelight_cost_usd", "US dollars spent on calls.", labels, costs.items())
    presumed = [((), dollars(reading.present.presumed))]
    yield _counter(
        "safelight_presumed_usd",
        "US dollars presumed spent on calls whose outcome will never be known.",
        [],
        presumed,
    )
    reserved = [((), dollars(reading.present.reserved))]
    yield _gauge("safelight_reserved_usd", "US dollars reserved for calls in flight.", [], reserved)


def _of_faults(reading: Reading, names: _Names) -> Iterator["Metric"]:
    attempts, costs = defaultdict[Labels, float](float), defaultdict[Labels, float](float)
    for row in reading.faults:
        labels = (names.backends(row.backend), names.models(row.model), row.fault)
        attempts[labels] += row.attempts
        costs[labels] += dollars(row.cost)
    wanted = ["backend", "model", "fault"]
    help_ = "Attempts at steps that failed, by class of fault."
    yield _counter("safelight_faults", help_, wanted, attempts.items())
    help_ = "US dollars that these attempts have cost."
    yield _counter("safelight_fault_cost_usd", help_, wanted, costs.items())


def _of_tokens(reading: Reading, names: _Names) -> Iterator["Metric"]:
    usage = _Histograms(TOKENS)
    for row in reading.tokens:
        provider = names.backends(provider_of(row.backend))
        labels = (operation_of(row.operation), provider, names.models(row.model), row.type)
        usage.add(labels, row.bucket, row.count, row.tokens)
    yield usage.metric(
        "gen_ai_client_token_usage",
        "Tokens of each call: of type input or output.",
        [
            "gen_ai_operation_name",
            "gen_ai_provider_name",
            "gen_ai_request_model",
            "gen_ai_token_type",
        ],
    )


def _of_jobs(reading: Reading) -> Iterator["Metric"]:
    jobs = [((state,), count) for state, count in reading.present.jobs.items()]
    yield _gauge("safelight_jobs", "Jobs in each state.", ["state"], jobs)
    reasons, parked = Bounded(20), defaultdict[Labels, float](float)
    for reason, count in reading.present.parked.items():
        parked[(reasons(reason),)] += count
    help_ = "Parked jobs, by what they wait for."
    yield _gauge("safelight_parked_jobs", help_, ["reason"], parked.items())


def _of_lanes(reading: Reading, names: _Names) -> Iterator["Metric"]:
    lanes = {names.lanes(lane.name): lane for lane in reading.lanes}
    for name, help_, value in (
        ("safelight_lane_width", "Calls that a lane lets through at once now.", "width"),
        ("safelight_lane_in_flight", "Calls of a lane in flight.", "in_flight"),
        ("safelight_lane_waiting", "Calls that wait for a lane.", "waiting"),
    ):
        values = [((lane,), float(getattr(row, value))) for lane, row in lanes.items()]
        yield _gauge(name, help_, ["lane"], values)
    blocked = [((lane,), float(row.state == "blocked")) for lane, row in lanes.items()]
    yield _gauge("safelight_lane_blocked", "1 while a lane is blocked.", ["lane"], blocked)


def _of_hosts(reading: Reading, names: _Names) -> Iterator["Metric"]:
    hosts = {names.devices(host.device): host for host in reading.hosts}
    columns = {"total": "memory_total", "budget": "memory_budget", "used": "memory_used"}
    memory = [
        ((device, kind), float(value))
        for device, host in hosts.items()
        for kind, column in columns.items()
        if (value := getattr(host, column)) is not None
    ]
    help_ = "Memory of a model host's device: in all, for models, and filled by them."
    yield _gauge("safelight_host_memory_bytes", help_, ["device", "kind"], memory)
    busy = [((device,), float(host.running > 0)) for device, host in hosts.items()]
    yield _gauge("safelight_host_busy", "1 while a model host works on a task.", ["device"], busy)
    waiting = [((device,), float(host.waiting)) for device, host in hosts.items()]
    help_ = "Tasks that wait for a model host."
    yield _gauge("safelight_host_waiting", help_, ["device"], waiting)


def _commits(reading: Reading) -> "Metric":
    commits = _Histograms(COMMITS)
    for bucket, (count, seconds) in reading.present.commits.items():
        commits.add((), bucket, count, seconds)
    help_ = "Duration of commits of the engine, each of a group of writes."
    return commits.metric("safelight_commit_seconds", help_, [])


class _Histograms:
    """Histograms with the same bounds.

    Args:
        bounds: Upper bounds of the buckets; there is one more without a bound.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts: dict[Labels, list[float]] = {}
        self._sums = defaultdict[Labels, float](float)

    def add(self, labels: Labels, bucket: int, count: int, total: float) -> None:
        """Add what is counted in a bucket."""
        counts = self._counts.setdefault(labels, [0.0] * (len(self._bounds) + 1))
        counts[min(bucket, len(self._bounds))] += count
        self._sums[labels] += total

    def metric(self, name: str, help_: str, labels: Sequence[str]) -> "Metric":
        """Return them as one metric."""
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(name, help_, labels=labels)
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for values, counts in self._counts.items():
            sums = [sum(counts[: number + 1]) for number in range(len(counts))]
            buckets = list(zip(bounds, sums, strict=True))
            family.add_metric(values, buckets, self._sums[values])
        return family


def _counter(
    name: str, help_: str, labels: Sequence[str], values: Iterable[tuple[Labels, float]]
) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    return _filled(CounterMetricFamily(name, help_, labels=labels), values)


def _gauge(
    name: str, help_: str, labels: Sequence[str], values: Iterable[tuple[Labels, float]]
) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    return _filled(GaugeMetricFamily(name, help_, labels=labels), values)


def _filled(family: Any, values: Iterable[tuple[Labels, float]]) -> "Metric":
    for labels, value in values:
        family.add_metric(labels, value)
    metric: Metric = family
    return metric
