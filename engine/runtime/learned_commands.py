"""Commands about what helped with a model and what never did."""

from typing import Any

from db.queries.learned import LearnedRow, learned_row
from db.writes.learned import add_learned, delete_learned, edit_learned, switch_learned
from engine.runtime.command_context import Arguments, CommandContext, CommandRefused
from engine.text.terminal import has_hidden, quoted

MAX_TERM, MAX_MODEL = 200, 300


async def learned(context: CommandContext, arguments: Arguments) -> str:
    """Add a term that never helps, change it, switch it on or off, or delete it."""
    change = arguments.get("change")
    if change == "add":
        return await _add(context, arguments)
    row = _row(context, arguments.get("id"))
    name = f"{quoted(row.term)} with {row.model}"
    if change == "delete":
        await context.write(lambda c: delete_learned(c, row.id))
        return f"Deleted {name}."
    if change == "edit":
        term = _text(arguments, "term", MAX_TERM)
        if not await context.write(lambda c: edit_learned(c, row.id, term)):
            raise CommandRefused(f"{row.model} has {quoted(term)} already.")
        return f"Changed {name} to {quoted(term)}."
    if change not in ("on", "off"):
        raise CommandRefused("A change is add, edit, on, off or delete.")
    await context.write(lambda c: switch_learned(c, row.id, active=change == "on"))
    return f"Switched {name} {change}."


async def _add(context: CommandContext, arguments: Arguments) -> str:
    term, model = _text(arguments, "term", MAX_TERM), _text(arguments, "model", MAX_MODEL)
    recipe = _text({"recipe": "refine", **arguments}, "recipe", 100)
    await context.write(lambda c: add_learned(c, recipe, model, term))
    return f"Added {quoted(term)} with {model}."


def _row(context: CommandContext, number: Any) -> LearnedRow:
    is_number = isinstance(number, int) and not isinstance(number, bool)
    row = learned_row(context.reader, number) if is_number else None
    if row is None:
        raise CommandRefused(f"No term has the number {str(number)[:20]}: safelight learned --all.")
    return row


def _text(arguments: Arguments, name: str, limit: int) -> str:
    text = arguments.get(name)
    if not isinstance(text, str) or not text.strip() or has_hidden(text):
        raise CommandRefused(f"{name} is a text without line ends and control characters.")
    if len(text.strip()) > limit:
        raise CommandRefused(f"{name} has more than {limit} characters.")
    return text.strip()
