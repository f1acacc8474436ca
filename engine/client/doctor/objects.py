"""Checks of the object store that files live in."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from db.queries.upkeep import held_results
from engine.client.doctor.finding import Finding
from engine.client.object_store import named_files, some
from engine.client.workspace import Workspace
from engine.contract import Blocked, StepError
from engine.runtime.objects import moving
from engine.runtime.objects.cached import CachedArtifacts, patiently
from engine.runtime.objects.remote import ObjectWrong
from engine.text.addresses import is_loopback
from engine.text.plural import pluralize

AT_ONCE = 8

CLOCK_SECONDS = 300
"""Difference of clocks from which on servers of S3 refuse requests, less some room."""


def check_objects(workspace: Workspace) -> Iterator[Finding]:
    """Check that the object store can be reached, written and read, and the clock."""
    files = workspace.artifacts
    if not isinstance(files, CachedArtifacts):
        return
    try:
        place = files.remote.place
        ahead = patiently(lambda _: files.remote.check(), "")
    except Blocked as error:
        yield Finding("objects", False, error.message, error.remedy)
        return
    except (StepError, ObjectWrong) as error:
        problem = f"{workspace.settings.artifacts.place} does not give back what it was sent: "
        yield Finding("objects", False, f"{problem}{type(error).__name__}", "Check the server.")
        return
    yield Finding("objects", True, f"{place} was written, read and cleared")
    if ahead is not None and abs(ahead) > CLOCK_SECONDS:
        how = "ahead of" if ahead > 0 else "behind"
        problem = f"this machine's clock is {abs(ahead):.0f} seconds {how} the object store's"
        yield Finding("objects", False, problem, "Set the clock, or requests are refused.")
    endpoint = workspace.settings.artifacts.endpoint
    if urlsplit(endpoint).scheme == "http" and not is_loopback(endpoint):
        problem = f"{endpoint} is not encrypted: others on the way can read the files"
        remedy = "Use https if the server has it."
        yield Finding("objects", False, problem, remedy, optional=True)
    with workspace.reading() as connection:
        held = held_results(connection)
    if held:
        waiting = f"{pluralize(held, 'result waits', 'results wait')} to be uploaded"
        remedy = "An engine uploads them: safelight engine"
        yield Finding("objects", False, waiting, remedy, optional=True)


def check_far_files(
    workspace: Workspace, files: CachedArtifacts, *, deep: bool
) -> Iterator[Finding]:
    """Check that every referenced file is in the object store, with its size and hash.

    Args:
        workspace: The workspace.
        files: Its files.
        deep: Read every file there and check its hash.
    """
    try:
        state = moving.standing(files, named_files(workspace))
        wrong = moving.verify(files, state.safe, AT_ONCE, bool) if deep else []
    except StepError as error:
        remedy = error.remedy if isinstance(error, Blocked) else ""
        yield Finding("files", False, f"nothing is known of them: {error.message}", remedy)
        return
    again = "Retry the jobs to make them again."
    if state.gone:
        yield Finding("files", False, f"{len(state.gone)} gone: {some(state.gone)}", again)
    if wrong:
        yield Finding("files", False, f"{len(wrong)} damaged there: {some(wrong)}", again)
    if state.to_push:
        problem = f"{pluralize(len(state.to_push), 'file is', 'files are')} only here"
        yield Finding("files", False, problem, "Upload them: safelight artifacts push")
    if not (state.gone or wrong or state.to_push):
        how = "there and have their hashes" if deep else "there (--deep reads them)"
        yield Finding("files", True, f"{pluralize(len(state.safe), 'file')} {how}")
