"""Where things lie in a workspace."""

from dataclasses import dataclass
from pathlib import Path

from db.no_links import make_folder


@dataclass(frozen=True, slots=True)
class WorkspacePaths:
    """The places of one workspace.

    Attributes:
        root: The workspace's folder.
        elsewhere: The private folder of a workspace that is only tried; by default it is in `root`.
    """

    root: Path
    elsewhere: Path | None = None

    @property
    def private(self) -> Path:
        """What is Safelight's own: the store, the files by content, the lock."""
        return self.elsewhere or self.root / ".safelight"

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.private / "safelight.db"

    @property
    def artifacts(self) -> Path:
        """Files by content."""
        return self.private / "artifacts"

    @property
    def thumbnails(self) -> Path:
        """Small images of files, which can be generated again at any time."""
        return self.private / "thumbnails"

    @property
    def lock(self) -> Path:
        """The file that the one engine holds locked."""
        return self.private / "engine.lock"

    @property
    def intake_lock(self) -> Path:
        """The file that everything holds locked that stores files before rows name them."""
        return self.private / "intake.lock"

    @property
    def logs(self) -> Path:
        """Log files, one series a run."""
        return self.root / "logs"

    @property
    def settings(self) -> Path:
        """The settings file that operators write."""
        return self.root / "safelight.toml"

    def make(self) -> None:
        """Makes the private folder, readable by its owner alone.

        Raises:
            LinkFound: It is a link.
        """
        self.private.parent.mkdir(parents=True, exist_ok=True)
        make_folder(self.private, private=True)
