"""Commands about limits: the budget of a batch, the concurrency and rate of a lane."""

from db.rows import LaneRow
from db.writes.spending import set_budget
from engine.runtime.command_context import Arguments, CommandContext, CommandRefused, CommandTarget
from engine.runtime.lanes.lane_set import LaneChange, UnknownLane
from engine.text.amounts import in_words


async def budget(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Set the budget of a batch, in micro-dollars; None takes it away."""
    budget = arguments["budget"]
    if target.job is not None:
        raise CommandRefused("A budget is a batch's; name one.")
    wanted = None if budget is None else max(0, int(budget))
    await context.write(lambda c: set_budget(c, target.batch.id, wanted))
    now = f"{target} has no budget" if wanted is None else f"The budget of {target} is "
    if wanted is not None:
        now += in_words(wanted)
    return f"{now} now. Resume to continue parked jobs."


async def lane(context: CommandContext, arguments: Arguments) -> str:
    """Change a lane until the engine ends."""
    concurrency, rate = arguments.get("concurrency"), arguments.get("requests_per_minute")
    change = LaneChange(
        None if concurrency is None else max(1, int(concurrency)),
        None if rate is None else max(0.0, float(rate)),
    )
    try:
        lanes = context.running.change_lane(str(arguments["lane"]), change)
    except UnknownLane as error:
        raise CommandRefused(str(error)) from None
    return " ".join(map(_lane_sentence, lanes))


def _lane_sentence(lane: LaneRow) -> str:
    rate = lane.requests_per_minute
    most = f"{rate:g} calls a minute" if rate else "no limit a minute"
    return f"Lane {lane.name}: {lane.concurrency} at once at most, {most}, until the engine ends."
