"""A workspace with small images of the built-in backends, and a browser without script."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

from engine.api.app import Pages, make_app
from engine.api.gallery.routes import Gallery
from engine.api.gallery.sessions import add_link
from engine.client.workspace import Workspace
from tests.support.one_process import compute_here

ADDRESS = "http://127.0.0.1:8000"
HTML = {"Accept": "text/html"}
HOSTILE = '<script>alert("x")</script> a fox & "friends"'

ENTRIES = [
    {"id": "lake", "prompt": "a lake at dawn", "width": 128, "height": 96},
    {"id": "fox", "prompt": HOSTILE, "width": 64, "height": 64},
    {"id": "gate", "prompt": "a red gate", "width": 64, "height": 128},
]


@dataclass
class Browser:
    """A browser without script: it follows links, sends forms, keeps cookies."""

    client: TestClient

    def page(self, path: str, status: int = 200) -> BeautifulSoup:
        """Open a page."""
        answer = self.client.get(path, headers=HTML)
        assert answer.status_code == status, answer.text[:500]
        return BeautifulSoup(answer.text, "html.parser")

    def send(self, form: Tag, button: Tag | None = None, **fields: str) -> BeautifulSoup:
        """Send a form as its button does, with some fields filled in; return the page after it."""
        answer = self.client.request(
            str(form.get("method", "get")),
            str(form["action"]),
            data=values_of(form, button) | fields,
            headers=HTML | {"Origin": ADDRESS},
        )
        assert answer.status_code == 200, answer.text[:500]
        return BeautifulSoup(answer.text, "html.parser")


def values_of(form: Tag, button: Tag | None = None) -> dict[str, str]:
    """Return the fields of a form as a browser sends them."""
    values = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    values |= {str(one["name"]): one.get_text() for one in form.select("textarea[name]")}
    if button is not None and button.get("name"):
        values[str(button["name"])] = str(button.get("value", ""))
    return values


def text_of(page: Tag, selector: str) -> str:
    """Return the text of the first element of a selector, in one line."""
    element = page.select_one(selector)
    assert element is not None, selector
    return " ".join(element.get_text(" ").split())


@pytest.fixture(scope="session")
def painted(tmp_path_factory) -> Path:
    """A workspace with a batch of three refined images; painted once."""
    root = tmp_path_factory.mktemp("painted") / "workspace"
    source = root.parent / "entries.json"
    source.write_text(json.dumps(ENTRIES))
    settings: dict[str, Any] = {"seed": 11, "max_iterations": 2, "target_score": 100}
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        Workspace(root, create=True).run("refine", source, settings=settings)
    return root


def app_of(workspace: Workspace, **options: Any) -> Any:
    """Return the application of a workspace with its gallery."""

    def pages(services: Any) -> Pages:
        gallery = Gallery(services)
        return Pages(gallery.routes(), gallery.principal)

    return make_app(workspace, pages=pages, **options)


def enter(client: TestClient, workspace: Workspace, **options: Any) -> Browser:
    """Log a browser in by a link."""
    code = add_link(workspace.store, **options)
    answer = client.get(f"/login?code={code}", headers=HTML)
    assert answer.status_code == 200
    assert answer.url.path == "/"
    assert code not in answer.text
    return Browser(client)


@pytest.fixture(scope="module")
def seen(painted):
    """A browser that is logged in to the painted workspace, for tests that change nothing."""
    workspace = Workspace(painted)
    with TestClient(app_of(workspace), ADDRESS) as client:
        yield enter(client, workspace)


@pytest.fixture
def workspace(painted, tmp_path) -> Workspace:
    """The painted workspace, one's own copy."""
    return Workspace(shutil.copytree(painted, tmp_path / "w"))


@pytest.fixture
def browser(workspace):
    """A browser that is logged in to one's own copy."""
    with TestClient(app_of(workspace), ADDRESS) as client:
        yield enter(client, workspace)
