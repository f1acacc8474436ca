"""Commands that put batches in order: star, note, archive, delete."""

from db.rating import NOTE_LIMIT
from db.writes import batch_marks
from engine.runtime.command_context import Arguments, CommandContext, CommandRefused, CommandTarget
from engine.text.plural import pluralize


async def star(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Star a batch; with `on` false take the star away."""
    batch_id, starred = _batch(target, "star"), arguments.get("on", True) is not False
    await context.write(lambda c: batch_marks.star_batch(c, batch_id, starred=starred))
    return f"{'Starred' if starred else 'Took the star from'} {target}."


async def note(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Replace the note on a batch."""
    batch_id, text = _batch(target, "note"), arguments.get("text")
    if not isinstance(text, str) or len(text) > NOTE_LIMIT:
        raise CommandRefused(f"A note is a text of at most {NOTE_LIMIT} characters.")
    await context.write(lambda c: batch_marks.note_batch(c, batch_id, text))
    return f"{'Noted' if text else 'Removed the note'} on {target}."


async def archive(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """Leave a batch out of lists; its jobs continue."""
    batch_id = _batch(target, "archive")
    if target.batch.archived_at is not None:
        raise CommandRefused(f"{target} is archived already.")
    await context.write(lambda c: batch_marks.archive_batch(c, batch_id, archived=True))
    left = target.batch.total - target.batch.ended
    goes_on = f"; {pluralize(left, 'job')} of it continue" if left else ""
    return f"Archived {target}{goes_on}."


async def unarchive(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """List a batch again."""
    batch_id = _batch(target, "unarchive")
    if target.batch.archived_at is None:
        raise CommandRefused(f"{target} is not archived.")
    await context.write(lambda c: batch_marks.archive_batch(c, batch_id, archived=False))
    return f"{target} is listed again."


async def delete(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """Mark an ended batch to be deleted; rows and files go in small pieces after that."""
    batch_id, batch = _batch(target, "delete"), target.batch
    if context.running.is_calling(batch_id):
        raise CommandRefused(f"{target} cannot be deleted yet: a call of it is in flight.")
    if not await context.write(lambda c: batch_marks.begin_deletion(c, batch_id)):
        left = batch.total - batch.ended
        still = f"{pluralize(left, 'job has', 'jobs have')} not ended" if left else batch.state
        raise CommandRefused(
            f"{target} cannot be deleted: {still}. Cancel it first: safelight cancel {target}"
        )
    return f"Deleting {target} with {pluralize(batch.total, 'job')}."


def _batch(target: CommandTarget, verb: str) -> int:
    if target.job is not None:
        raise CommandRefused(f"{verb} is about a batch; name one.")
    return target.batch.id
