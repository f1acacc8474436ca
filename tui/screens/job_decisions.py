"""Decisions about the parts of a job: choose one of several results, edit a text."""

from functools import partial

from engine.client.views.decisions import key_of_prompt, key_to_select, texts_of
from engine.client.views.tree import TreeLine
from engine.text import figures
from engine.text.terminal import clean
from tui.screens.lines import LinesScreen
from tui.snapshots.job import JobSnapshot, JobView


class JobDecisions(LinesScreen):
    """A screen of a job whose parts can be chosen and edited."""

    _snapshot: JobSnapshot | None
    _view: JobView

    def action_choose(self) -> None:
        """Select the image of the chosen scope, after asking if steps may run again."""
        snapshot = self._snapshot
        turn = (
            next((t for t in snapshot.turns if t.node == snapshot.turn), None) if snapshot else None
        )
        if turn is not None and turn.image:
            self._choose(turn.node)
        elif snapshot is not None and self._results_in(snapshot.node):
            self._choose(snapshot.selected)
        else:
            self.say("Select one of several results first.", bad=True)

    def _results_in(self, node: TreeLine | None) -> list[TreeLine]:
        """Return the results of a part of which one can be chosen, such as a scene's variations."""
        snapshot = self._snapshot
        if snapshot is None or node is None or not node.scope:
            return []
        scale = snapshot.scale
        results = [
            one
            for one in snapshot.nodes
            if one.id < 0
            and one.scope.rpartition("/")[0] == node.scope
            and key_to_select(one.scope, scale.decisions, scale.choices)
        ]
        families = [one.scope.rpartition("-")[0] for one in results]
        return [
            one
            for one, name in zip(results, families, strict=True)
            if name == families[-1]  # the variations, not the iterations of their prompt
        ]

    def _choose_among(self, results: list[TreeLine]) -> None:
        """Choose one of several results by its number."""
        from tui.screens.menu import MenuLine, MenuScreen

        lines = [
            MenuLine(str(one.id), f"{one.label:<16} {figures.score(one.score)}", str(number))
            for number, one in enumerate(results, 1)
        ]

        def take(node: str | None) -> None:
            if node is not None:
                self._choose(int(node))

        self.app.push_screen(MenuScreen("Choose one", lines), take)

    def _choose(self, node_id: int | None) -> None:
        """Select the scope of a node, after asking if steps may run again."""
        snapshot = self._snapshot
        if snapshot is None or node_id is None:
            return
        node = next((one for one in snapshot.nodes if one.id == node_id), None)
        scale = snapshot.scale
        key = key_to_select(node.scope, scale.decisions, scale.choices) if node else None
        if key is None and (results := self._results_in(node)):
            self._choose_among(results)
            return
        if node is None or key is None:
            self.say("The recipe has no decision about these.", bad=True)
            return
        name = clean(node.scope.rpartition("/")[2], 60).replace("-", " ")
        self.ask_first(f"Choose {name}?", *key, since=node.steps[-1])

    def action_edit_prompt(self) -> None:
        """Edit the prompt of the selected scope, or another of its texts."""
        from tui.screens.menus import text_menu

        snapshot = self._snapshot
        node = snapshot.node if snapshot else None
        texts = texts_of(node.scope, snapshot.scale.texts) if snapshot and node else {}
        if len(texts) > 1:
            self.app.push_screen(text_menu(texts), self._edit_text)
            return
        key = key_of_prompt(node.scope, snapshot.scale.decisions) if snapshot and node else None
        if key is None:
            self.say("Select a part of the job whose prompt can be edited first.", bad=True)
            return
        self._edit_text(key)

    def _edit_text(self, key: str | None) -> None:
        """Edit a text, from the one that is in force."""
        if key is not None:
            self.edit_text(key, partial(self._view.prompt_of, scope=key.rpartition("/")[0]))
