"""A workspace of one's own for each test, and nothing of the developer's."""

from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests.tui.settling import settle_at_once
from tests.tui.support import Place


def _parse_once() -> None:
    """Parse a style sheet once in this process, and not once for each app and screen.

    No fixture: one that all tests of the dashboard share would have them run in one process.
    """
    parse, rules = Stylesheet._parse_rules, dict[tuple[object, ...], list[RuleSet]]()

    def parse_once(sheet: Stylesheet, css: str, *place: Any, **more: Any) -> list[RuleSet]:
        variables = frozenset(sheet._variables.items())
        key = (css, *place, *sorted(more.items()), variables)
        if key not in rules:
            rules[key] = parse(sheet, css, *place, **more)
        return rules[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[assignment]


_parse_once()
settle_at_once()


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys and remembered layouts of the test alone."""
    folder = tmp_path_factory.mktemp("xdg")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.delenv("TMUX", raising=False)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A workspace with an empty store."""
    return Place(tmp_path / "workspace")


@pytest.fixture(autouse=True)
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws no change of the screen by itself, for there is no terminal to see it.

    Whatever looks at the screen draws it: `seen`, a screenshot. To draw what nobody looks at was
    a third of the work of these tests.
    """
    if "drawn" in request.fixturenames:
        return
    draw = Compositor.render_update

    def draw_in_full(compositor: Compositor, full: bool = False, **options: Any) -> Any:
        if full:
            return draw(compositor, full=True, **options)
        compositor._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", draw_in_full)


@pytest.fixture
def drawn() -> None:
    """Draws each change after all."""
