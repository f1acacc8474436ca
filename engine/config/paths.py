"""Paths inside a workspace."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorkspacePaths:
    """Paths of one workspace.

    Attributes:
        root: The workspace's folder.
        elsewhere: Private folder of a temporary workspace; by default it is in `root`.
    """

    root: Path
    elsewhere: Path | None = None

    @property
    def private(self) -> Path:
        """Safelight's private folder: the store, the files by content, the lock."""
        return self.elsewhere or self.root / ".safelight"

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.private / "safelight.db"

    @property
    def artifacts(self) -> Path:
        """Folder of the stored files, named by content."""
        return self.private / "artifacts"

    @property
    def thumbnails(self) -> Path:
        """Folder of thumbnails, which can be generated again at any time."""
        return self.private / "thumbnails"

    @property
    def signed(self) -> Path:
        """Folder of signed copies of stored files; they can be signed again at any time."""
        return self.private / "signed"

    @property
    def lock(self) -> Path:
        """File that the running engine keeps locked."""
        return self.private / "engine.lock"

    @property
    def intake_lock(self) -> Path:
        """File that is locked while files are stored before rows reference them."""
        return self.private / "intake.lock"

    @property
    def logs(self) -> Path:
        """Folder of the log files, one series per run."""
        return self.root / "logs"

    @property
    def settings(self) -> Path:
        """The settings file that operators write."""
        return self.root / "safelight.toml"
