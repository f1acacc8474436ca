"""A part of a job as the input of another recipe: choose one, see the estimate, send."""

from pathlib import Path

from engine.client.actions import action_of
from engine.text.terminal import clean
from tui.screens.menu import MenuLine, MenuScreen
from tui.workspaces import open_workspace, refusal_words


class SendMenu(MenuScreen):
    """Menu of the recipes that take a part of a job; its values are their names.

    Args:
        root: The workspace's folder.
        source: The part to send, `j1:iteration-2`.
    """

    def __init__(self, root: Path, source: str) -> None:
        super().__init__(f"{action_of('send').title}: {clean(source, 80)}", wide=True)
        self._root = root
        self._source = source

    def on_mount(self) -> None:
        """Load the recipes in a thread: their models take some 100 ms."""
        self.set_lines([], trouble="Loading the recipes…")
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
        lines = [
            MenuLine(one.name, clean(one.summary, 120), name=f"{clean(one.name, 20):<20}")
            for one in recipes
        ]
        self.app.call_from_thread(self._offer, lines, trouble)

    def _offer(self, lines: list[MenuLine], trouble: str) -> None:
        if self.is_attached:
            self.set_lines(lines, trouble=trouble)


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
