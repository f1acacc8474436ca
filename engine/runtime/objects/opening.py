"""The stored files of a workspace, wherever its settings say that they live."""

import importlib.util
import os
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from db.connect import connect_reader
from db.queries.callers import workspace_id
from engine.config.artifact_settings import S3, ArtifactSettings
from engine.config.environment import Environment
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings, load_environment, read_settings
from engine.config.trust.guard import OutsideWorkspace, refuse_outside
from engine.config.trust.object_stores import refuse_untrusted_store
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.objects.remote import Remote, blocked


def artifacts_of(paths: WorkspacePaths, settings: Settings) -> ArtifactStore:
    """Return the stored files of a workspace.

    Nothing is asked of an object store, and no package of one is imported, before it is needed. A
    temporary workspace has its files beside its store.

    Args:
        paths: The workspace.
        settings: Its settings.

    Raises:
        OutsideWorkspace: The cache is outside the workspace, and only the workspace names it.
    """
    chosen = settings.artifacts
    if not chosen.url or paths.elsewhere is not None:
        return ArtifactStore(paths.artifacts)
    from engine.runtime.objects.cached import CachedArtifacts

    return CachedArtifacts(
        _cache(paths, settings),
        partial(open_remote, paths, settings),
        cache_bytes=round(chosen.cache_gib * 2**30),
        uploads=chosen.uploads,
        before=paths.artifacts,
        owns=not chosen.shared,
    )


def artifacts_at(paths: WorkspacePaths) -> ArtifactStore:
    """Return the stored files of a workspace by its settings as they are now.

    Raises:
        SettingsError: A setting is wrong.
    """
    return artifacts_of(paths, read_settings(paths.root))


def _cache(paths: WorkspacePaths, settings: Settings) -> Path:
    named = settings.artifacts.cache
    if not named:
        return paths.artifacts
    root = Path(os.path.normpath(paths.root.absolute()))
    folder = Path(os.path.normpath(root / Path(named).expanduser()))
    if not folder.is_relative_to(root):
        try:
            refuse_outside(root, folder, load_environment(root, settings.given).given)
        except OutsideWorkspace:
            raise OutsideWorkspace(root, folder, "Stored files") from None
    return folder / _id_of(paths)


def _id_of(paths: WorkspacePaths) -> str:
    with closing(connect_reader(paths.store)) as reader:
        return workspace_id(reader)


def open_remote(
    paths: WorkspacePaths, settings: Settings, environment: Environment | None = None
) -> Remote:
    """Return the object store of a workspace.

    Args:
        paths: The workspace.
        settings: Its settings.
        environment: Its environment, to know what the user has named; read by default.

    Raises:
        UntrustedStore: Only files of the workspace name it.
        Blocked: Its package is not installed.
    """
    chosen = settings.artifacts
    refuse_untrusted_store(chosen, environment or load_environment(paths.root, settings.given))
    return remote_of(chosen, "" if chosen.shared else _id_of(paths))


def remote_of(chosen: ArtifactSettings, folder: str) -> Remote:
    """Return an object store.

    Args:
        chosen: Its settings.
        folder: Folder of the files below its prefix; empty for the prefix itself.
    """
    parts = urlsplit(chosen.url)
    if parts.scheme in S3:
        _need("botocore", chosen)
        from engine.runtime.objects.s3 import S3Remote

        prefix = parts.path.strip("/")
        return S3Remote(chosen, "/".join(part for part in (prefix, folder) if part))
    _need("fsspec", chosen)
    from engine.runtime.objects.any_store import AnyRemote

    return AnyRemote(chosen, folder)


def _need(package: str, chosen: ArtifactSettings) -> None:
    if importlib.util.find_spec(package) is None:
        raise blocked(
            f"The packages for {chosen.place} are not installed.",
            "Install them: pip install 'safelight[objects]'",
        )
