"""Commands about the whole workspace: pause and resume everything, stop after what runs."""

from db.queries.controls import is_paused
from db.writes.controls import pause_everything
from engine.runtime.command_context import Arguments, CommandContext, CommandRefused, stopped_words
from engine.text.plural import pluralize


async def pause_all(context: CommandContext, _arguments: Arguments) -> str:
    """Take no work of any batch, over restarts, until it is resumed; stop running jobs."""
    news = await context.write(lambda c: pause_everything(c, paused=True))
    stopped = await context.running.put_back_all()
    if not news:
        return "Everything is paused already."
    return f"Paused everything; {stopped_words(stopped)}."


async def resume_all(context: CommandContext, _arguments: Arguments) -> str:
    """Take work again; what was paused by itself stays paused."""
    if not await context.write(lambda c: pause_everything(c, paused=False)):
        raise CommandRefused("Everything is not paused; to resume a batch, name it.")
    return "Resumed everything; batches and jobs that were paused by themselves stay paused."


async def drain(context: CommandContext, _arguments: Arguments) -> str:
    """Have the engine stop once its running jobs have ended."""
    running = context.running.drain()
    paused = " Everything is paused." if is_paused(context.reader) else ""
    if not running:
        return f"The engine stops: no job runs.{paused}"
    return (
        f"The engine stops once {pluralize(running, 'running job has', 'running jobs have')} ended."
    )
