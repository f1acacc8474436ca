"""Fixtures of the API: a workspace of toys behind a client in this process."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from engine.api.app import make_app
from engine.api.auth.issue import Wanted, issue
from engine.client.workspace import Workspace
from engine.contract import Blocked, Permanent
from tests.support.toys import ToyCatalog

ADDRESS = "http://127.0.0.1:8000"


def _reply(request, _context):
    if "wrong" in request.brief:
        raise Permanent("Cannot say it.", remedy="Say it otherwise.", cost=2_500)


def _closed(request, _context):
    raise Blocked("No key for toys.", reason="key", remedy="Set TOY_KEY in .env.")


def toy_workspace(root: Path, reply=None) -> Workspace:
    """Return a workspace whose recipes and backends are toys."""
    catalog = ToyCatalog()
    catalog.toy.reply = reply
    return Workspace(root, create=True, catalog=cast("Any", catalog))


def _queue(root: Path, name: str, lines: list[str], reply) -> Workspace:
    workspace = toy_workspace(root, reply)
    source = root.parent / f"{name}.txt"
    source.write_text("".join(f"{line}\n" for line in lines))
    workspace.queue("toy", source, settings={"seed": "11", "steps": "2"})
    return workspace


@pytest.fixture(scope="session")
def _toys(tmp_path_factory) -> Path:
    """b1 is done with a failure, b2 is parked, b3 is queued; created once."""
    root = tmp_path_factory.mktemp("toys") / "workspace"
    _queue(root, "mixed", ["fine", "wrong", "good"], _reply).follow("b1")
    _queue(root, "parked", ["p"], _closed).follow("b2")
    _queue(root, "waiting", ["q", "r"], None)
    return root


@pytest.fixture
def workspace(_toys, tmp_path) -> Workspace:
    """A workspace of toy batches, one's own copy."""
    return toy_workspace(shutil.copytree(_toys, tmp_path / "w"))


@pytest.fixture
def token(workspace) -> Callable[..., str]:
    """Issues tokens of the workspace."""

    def issue_(*scopes: str, **options: Any) -> str:
        return issue(workspace, Wanted("test", scopes, None, **options)).secret

    return issue_


def headers(secret: str) -> dict[str, str]:
    """Return the headers of a caller with a token."""
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def client(workspace, token) -> Iterator[TestClient]:
    """A caller that may do everything."""
    app = make_app(workspace)
    with TestClient(app, ADDRESS, headers=headers(token("admin"))) as caller:
        yield caller


def problem(response, status: int, code: str) -> dict[str, Any]:
    """Return the document of a refusal, after checking its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = json.loads(response.content)
    assert document["code"] == code, document
    assert document["status"] == status
    assert document["type"] == f"/problems/{code}"
    return document
