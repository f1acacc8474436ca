"""A part of a job as the input of another recipe: choose one, see the estimate, send."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.client.actions import action_of
from engine.text.terminal import clean
from tui.screens.choosing import ChoosingScreen
from tui.workspaces import open_workspace, refusal_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.contract.recipe import AnyRecipe


class SendScreen(ChoosingScreen[str | None]):
    """List of recipes; dismissed with the name of the chosen one, or with None.

    Args:
        root: The workspace's folder.
        source: The part to send, `j1:iteration-2`.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q", "leave", "Leave"),
    ]

    def __init__(self, root: Path, source: str) -> None:
        super().__init__()
        self._root = root
        self._source = source

    def compose(self) -> ComposeResult:
        """Compose the part, the recipes, the keys."""
        with Vertical(id="send"):
            title = f"{action_of('send').title}: {clean(self._source, 80)}"
            yield Static(title, id="title", markup=False)
            yield OptionList(Option("Loading the recipes…", disabled=True), markup=False)
            yield Static(id="trouble", markup=False)
            yield Static("enter  choose      esc  leave", id="answers", markup=False)

    def on_mount(self) -> None:
        """Load the recipes in a thread: their models take some 100 ms."""
        self.run_worker(self._find, thread=True, exit_on_error=False)

    def _find(self) -> None:
        from engine.client.recipes import find_recipes, installed_catalog

        choices = find_recipes(self._root, installed_catalog())
        recipes, trouble = [choice.recipe for choice in choices.recipes], choices.trouble
        try:
            recipes = open_workspace(self._root).takers(self._source, recipes)
            trouble = trouble if recipes else f"No recipe takes it. {trouble}".strip()
        except Exception as error:  # noqa: BLE001 - a bug is raised again
            recipes, trouble = [], refusal_words(error)
        self.app.call_from_thread(self._offer, recipes, trouble)

    def _offer(self, recipes: "Sequence[AnyRecipe]", trouble: str) -> None:
        if not self.is_attached:
            return
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(
            Option(_line(recipe.name, recipe.summary), id=recipe.name) for recipe in recipes
        )
        options.highlighted = 0 if recipes else None
        self.query_one("#trouble", Static).update(trouble)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Choose a recipe."""
        self.dismiss(message.option.id)

    def action_leave(self) -> None:
        """Send nothing."""
        self.dismiss(None)


def _line(name: str, summary: str) -> Text:
    text = Text(f" {clean(name, 20):<20} ", style="bold", no_wrap=True, overflow="ellipsis")
    return text.append(clean(summary, 120), style="not bold")


def estimate_sending(root: Path, source: str, recipe: str) -> tuple[str, bool]:
    """Return the estimate in words, and True if it would be refused; in a thread."""
    from tui.screens.new_batch.estimate import words

    try:
        return words(open_workspace(root).estimate_sending(source, recipe)), False
    except Exception as error:  # noqa: BLE001 - a bug is raised again
        return refusal_words(error), True


def send(root: Path, source: str, recipe: str) -> tuple[str, bool]:
    """Send a part of a job; return a sentence, and True if it was refused. In a thread."""
    try:
        batch = open_workspace(root).send(source, recipe)
    except Exception as error:  # noqa: BLE001 - a bug is raised again
        return refusal_words(error), True
    return f"Queued {batch} from {clean(source, 80)}.", False
