"""Object stores that only a workspace's files name: no file goes there without the user."""

from pathlib import Path

from engine.config.artifact_settings import ArtifactSettings
from engine.config.environment import Environment, same_form
from engine.config.trust.grants import is_trusted
from engine.config.trust.guard import UntrustedDestination


def store_grant(place: str) -> str:
    """Return an object store as the trust file has it, unlike any address, folder or host."""
    return f"files in {place}"


def store_of_files(settings: ArtifactSettings, environment: Environment) -> str:
    """Return the object store that a file names, in part at least; empty if the user has."""
    named = [text for text in (settings.url, settings.endpoint) if text]
    if all(same_form(text) in environment.given for text in named):
        return ""
    return settings.place


def refuse_untrusted_store(settings: ArtifactSettings, environment: Environment) -> None:
    """Check the object store of a workspace.

    Raises:
        UntrustedStore: Only files of the workspace name it, and the user has not trusted it.
    """
    place, root = store_of_files(settings, environment), environment.root
    if place and not is_trusted(root, store_grant(place)):
        raise UntrustedStore(root, place)


class UntrustedStore(UntrustedDestination):
    """Files would be sent, with the user's credentials, to a store that only a workspace names."""

    def __init__(self, root: Path, place: str) -> None:
        super().__init__(root, [store_grant(place)], [])
        self._place = place
        self.message = (
            f"Files would be kept in {place} with your credentials, an object store that only this "
            "workspace's files name."
        )
        self.remedy = self.remedy.replace("the address", "the store")
        self.reason = "storage"

    def again(self) -> "UntrustedStore":
        """Return the same refusal for another call, without this one's traceback."""
        copy = type(self)(self.root, self._place)
        copy.lane = self.lane
        return copy
