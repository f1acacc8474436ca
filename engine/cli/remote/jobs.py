"""`jobs`, `show` and `export` of a server's workspace."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db.clock import seconds_between
from engine.cli import render
from engine.cli.doors import printable
from engine.cli.job_lines import print_lines
from engine.client.remote.workspace import RemoteWorkspace
from engine.text.file_names import safe_name
from engine.text.plural import pluralize

_NOT_SENT: Mapping[str, Any] = {"outputs": [], "folder": "", "traces": [], "best_part": None}
"""Members of a job that are about the server's own disk, as if they were empty."""


def show_jobs(remote: RemoteWorkspace, batch: str, state: str | None, *, as_json: bool) -> int:
    """Print the jobs of a batch."""
    jobs = remote.jobs(batch, state=state)
    if as_json:
        render.print_json({"jobs": jobs})
    else:
        print_lines({**printable(job), "seconds": _seconds(job)} for job in jobs)
    return 0


def _seconds(job: Mapping[str, Any]) -> float | None:
    return seconds_between(job["started_at"], job["finished_at"])


def local_form(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job as `show` draws it, without what a server does not send."""
    return {
        **_NOT_SENT,
        **job,
        "iterations": [{"image": None, **turn} for turn in job["iterations"]],
        "errors": [{"traceback": "", **error} for error in job["errors"]],
        "files": [{"file": None, **file} for file in job["files"]],
    }


def export_there(remote: RemoteWorkspace, batch: str, folder: Path | None) -> int:
    """Write the results of a batch to a folder of this machine."""
    row = remote.batch(batch)
    target = folder or Path(safe_name(row["name"], suffix=""))
    folders = remote.export(row["id"], target)
    render.say(f"Wrote {pluralize(len(folders), 'job')} of {row['id']} to {target}.")
    return 0
