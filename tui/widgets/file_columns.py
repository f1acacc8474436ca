"""The columns of a job's files."""

from tui.snapshots.job_files import JobFile
from tui.widgets.columns import ListColumn

FILE_COLUMNS: tuple[ListColumn[JobFile], ...] = (
    ListColumn("step", 20, lambda row: [(row.step, "")], grow=2),
    ListColumn("role", 12, lambda row: [(row.file.name, "muted")]),
    ListColumn("kind", 10, lambda row: [(row.file.title, "")], needs=60),
    ListColumn("facts", 16, lambda row: [(row.file.facts, "muted")], grow=3, needs=50),
)
