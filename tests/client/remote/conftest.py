"""A live server of a workspace of toys, one per module, and its clients."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from engine.client.remote.server import Server
from engine.client.remote.workspace import RemoteWorkspace
from engine.client.workspace import Workspace
from engine.contract import Permanent
from tests.support.live_server import Live, serving
from tests.support.toys import ToyCatalog


def _reply(request, _context):
    if "wrong" in request.brief:
        raise Permanent("Cannot say it.", remedy="Say it otherwise.", cost=2_500)


def toy_workspace(root: Path) -> Workspace:
    """A workspace whose recipes and backends are toys."""
    catalog = ToyCatalog()
    catalog.toy.reply = _reply
    return Workspace(root, create=True, catalog=cast("Any", catalog))


@contextmanager
def engine_at(workspace: Workspace) -> Iterator[None]:
    """Run an engine of a workspace in a thread."""
    engine = workspace.engine()
    thread = threading.Thread(target=lambda: asyncio.run(engine.run()))
    thread.start()
    try:
        yield
    finally:
        engine.stop()
        thread.join(60)


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> Iterator[Live]:
    """A server with b1, which has ended with a failure."""
    root = tmp_path_factory.mktemp("remote") / "workspace"
    workspace = toy_workspace(root)
    source = root.parent / "mixed.txt"
    source.write_text("fine\nwrong\n")
    workspace.follow(workspace.queue("toy", source, settings={"seed": "11", "steps": "2"}))
    with serving(workspace) as created:
        yield created


@pytest.fixture
def remote(live) -> Iterator[RemoteWorkspace]:
    with RemoteWorkspace(Server(live.url, live.token)) as created:
        yield created
