"""Commands that say what an operator thinks of a job: its rating and a note."""

from typing import Any

from db.queries.ratings import present_ratings
from db.rating import NOTE_LIMIT, WORDS
from db.writes.ratings import rate as write_rating
from engine.runtime.command_context import Arguments, CommandContext, CommandRefused, CommandTarget

NO_RATING = "none"
"""The value that takes a rating away."""

MAX_PART, MAX_AUTHOR = 500, 100


async def rate(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Rate a job's result or a part of it; what is not named stays as it is."""
    job = target.job
    if job is None:
        raise CommandRefused("A rating is about one job; name it.")
    part = _text(arguments, "part", MAX_PART)
    author = _text(arguments, "author", MAX_AUTHOR) or "operator"
    before = present_ratings(context.reader, job.id).get(part)
    rank, note = (before.value, before.note) if before else (None, "")
    if (value := arguments.get("value")) is not None:
        rank = _rank(value)
    if arguments.get("note") is not None:
        note = _text(arguments, "note", NOTE_LIMIT)
    await context.write(lambda c: write_rating(c, job.id, part, rank, note, author))
    what = f"{part} of {target}" if part else str(target)
    return f"Rated {what}: {_words(rank, note)}."


def _rank(value: Any) -> int | None:
    """Return the rank of a rating, as a word or as a number of 1 to 5."""
    word = str(value).strip().lower()
    if word == NO_RATING:
        return None
    if word not in WORDS:
        raise CommandRefused(f"A rating is 1 to 5, keep, reject or none, not {word[:40]!r}.")
    return WORDS[word]


def _text(arguments: Arguments, name: str, limit: int) -> str:
    text = arguments.get(name) or ""
    if not isinstance(text, str):
        raise CommandRefused(f"{name} is a text.")
    if len(text) > limit:
        raise CommandRefused(f"{name} has more than {limit} characters.")
    return text


def _words(rank: int | None, note: str) -> str:
    word = next((word for word, number in WORDS.items() if number == rank), "no rating")
    return f"{word}, with a note" if note else word
