"""Screens whose keys send commands: pause, retry, cancel, priority, rating, the engine."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from textual import work

from engine.client.actions import action_of
from engine.text.terminal import clean
from tui.actions import BY_ID
from tui.actions.key_names import key_name, keys_of
from tui.screens.core import CoreScreen
from tui.screens.editor import EditorScreen
from tui.snapshots.subject import Subject
from tui.stepping_in import step_in


class CommandScreen(CoreScreen):
    """A screen that sends commands about its selection and about the engine."""

    def action_pause(self) -> None:
        """Pause the targets."""
        self._step_in("pause")

    def action_resume(self) -> None:
        """Resume the targets."""
        self._step_in("resume")

    def action_retry(self) -> None:
        """Retry the targets from the step that failed."""
        self._step_in("retry")

    def action_cancel(self) -> None:
        """Cancel the targets, after asking."""
        self._step_in("cancel")

    def action_front(self) -> None:
        """Move the targets before all others."""
        self._step_in("front")

    def action_raise_priority(self) -> None:
        """Raise the priority."""
        self._step_in("priority", {"change": 1})

    def action_lower_priority(self) -> None:
        """Lower the priority."""
        self._step_in("priority", {"change": -1})

    def _step_in(self, verb: str, arguments: Mapping[str, Any] | None = None) -> None:
        targets, called = self.targets()
        if not targets:
            self.say("Nothing is selected.", bad=True)
            return
        action = action_of(verb)
        if action.destructive:
            send = partial(self.send, verb, targets, arguments or {})
            self.dashboard.confirm(action.question(called), send)
        else:
            self.send(verb, targets, arguments or {})

    @work(thread=True, exit_on_error=False)
    def send(
        self,
        verb: str,
        targets: Sequence[Mapping[str, int]],
        arguments: Mapping[str, Any],
        editor: EditorScreen | None = None,
        hint: str = "",
    ) -> None:
        """Run an action in a thread, and show the answer.

        Args:
            verb: The action.
            targets: Its targets.
            arguments: Its arguments.
            editor: Editor of an argument, which stays if the action is refused.
            hint: A sentence after the answer, unless it is refused.
        """
        sentence, refused = step_in(self.dashboard.paths, verb, targets, arguments)
        if hint and not refused:
            sentence = f"{sentence} {hint}"
        starts_work = action_of(verb).starts_work and not refused
        answer = (editor or self.dashboard).answer
        self.app.call_from_thread(answer, sentence, bad=refused, starts_work=starts_work)

    def action_rate(self) -> None:
        """Rate the targets, or the part of a job that is selected."""
        targets, called = self.targets()
        subject = self.subject() if len(targets) == 1 else None
        if not targets:
            self.say("Nothing is selected.", bad=True)
        elif subject is not None and subject.node:
            read = partial(_part_to_rate, subject=subject)
            self.ask(read, partial(self._rate_part, targets, called))
        else:
            self._rate(targets, called)

    def _rate_part(self, targets: Sequence[Mapping[str, int]], called: str, part: str) -> None:
        self._rate(targets, f"{clean(part, 80)} of {called}" if part else called, part)

    def _rate(self, targets: Sequence[Mapping[str, int]], called: str, part: str = "") -> None:
        from engine.client.keeping import rating_arguments
        from tui.screens.keep import RATINGS, KeepScreen, Mark

        def rate(mark: Mark | None) -> None:
            if mark is not None:
                self.send(
                    mark.verb, targets, {**rating_arguments(None, None, part), **mark.arguments}
                )

        self.app.push_screen(KeepScreen(f"Rate {called}", RATINGS, ("rate", "note")), rate)

    def action_engine_menu(self) -> None:
        """Show what can be done to the engine."""
        from tui.screens.menus import engine_menu

        self.app.push_screen(engine_menu(self.dashboard.head), self._engine_do)

    def _engine_do(self, verb: str | None) -> None:
        """Do what was chosen in the engine's menu, after asking if jobs are stopped by it."""
        if verb is None:
            return
        if verb in {"pause_all", "resume_all"}:
            self.action_pause_everything()
        elif verb == "drain":
            self.send(verb, [], {})
        elif action_of(verb).destructive:
            question = action_of(verb).question("").replace(" ?", "?")
            self.dashboard.confirm(question, partial(self.dashboard.engine_do, verb))
        else:
            self.dashboard.engine_do(verb)

    def action_pause_everything(self) -> None:
        """Pause everything, or resume it; the top line shows that it is paused."""
        if self.dashboard.head.paused:
            self.send("resume_all", [], {})
        elif self.dashboard.is_new:
            self.say("There is nothing to pause: nothing has been queued here yet.", bad=True)
        else:
            key = key_name(keys_of(BY_ID["pause_everything"], self.dashboard.keymap)[0])
            self.send("pause_all", [], {}, hint=f"{key} resumes everything.")

    def action_cancel_waiting(self) -> None:
        """Cancel what waits of the targets, after asking."""
        self._step_in("cancel_waiting")


def _part_to_rate(connection: sqlite3.Connection, subject: Subject) -> str:
    """Return the name of the part; empty if it is gone."""
    from tui.snapshots.node import node_of

    node = node_of(connection, subject)
    return node.part if node else ""
