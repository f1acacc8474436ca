"""Base of screens on which an operator decides something about one job, or approves it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from db.queries import inspect
from engine.client.gates import waiting_gates
from engine.client.views.decisions import following_of, text_in_force
from engine.text.figures import money
from engine.text.plural import pluralize
from tui.screens.base import BaseScreen
from tui.screens.gates import show_gate

if TYPE_CHECKING:
    from engine.client.gates import WaitingGate
    from tui.screens.edit_prompt import EditPromptScreen


class DecidingScreen(BaseScreen):
    """A screen of one job that asks before it decides.

    Attributes:
        job_id: The job.
    """

    job_id: int

    @property
    def part(self) -> str:
        """Key of the selected part, which chooses among several gates; empty for none."""
        return ""

    def ask_first(
        self,
        question: str,
        key: str,
        value: object,
        since: int | None = None,
        editor: "EditPromptScreen | None" = None,
    ) -> None:
        """Decide something, after asking if finished steps may run again.

        Args:
            question: What is asked, with its question mark.
            key: Key of the decision.
            value: Its value.
            since: Step before those that may run again; None for those of the key's scope.
            editor: Editor of the value, which stays until the decision is taken.
        """
        read = partial(following_of, job_id=self.job_id, step_id=since, key=key)
        decide = partial(
            self.send, "decide", [{"job": self.job_id}], {"key": key, "value": value}, editor
        )
        self.feed.ask(read, self, partial(self._confirm, question, self.job_id, decide, editor))

    def edit_text(self, key: str, painted: "Callable[[object], str] | None" = None) -> None:
        """Edit a text of a decision, from the one that is in force.

        Args:
            key: Key of the decision.
            painted: Reads the prompt that the part was painted from, if nothing else is known.
        """
        read = partial(text_in_force, job_id=self.job_id, key=key, painted=painted)
        self.ask(read, partial(self._edit, key))

    def action_approve(self) -> None:
        """Show the value that waits at a gate."""
        self.ask(partial(waiting_gates, job_id=self.job_id), self._show_gate)

    def _confirm(
        self,
        question: str,
        job_id: int,
        decide: Callable[[], object],
        editor: "EditPromptScreen | None",
        read: tuple[inspect.LaterSteps, str],
    ) -> None:
        """Decide, or ask first if that has consequences."""
        following, consequence = read
        if not following.steps:
            decide()
            return
        cost = f", which cost {money(following.cost)} so far" if following.cost else ""
        steps = pluralize(following.steps, "step")
        again = f"Dependent steps run again: at most {steps}{cost}. {consequence}".rstrip()
        if job_id == self.job_id:
            self.confirm(f"{question} {again}", decide, over=editor)
        else:
            self.say_unasked(f"j{job_id}: {question}")

    def _edit(self, key: str, text: str) -> None:
        from tui.screens.edit_prompt import EditPromptScreen

        def decide(editor: EditPromptScreen, prompt: str) -> None:
            self.ask_first(f"Decide {key}?", key, prompt, editor=editor)

        self.app.push_screen(EditPromptScreen(key, text, decide))

    def _show_gate(self, gates: "list[WaitingGate]") -> None:
        gate = next((g for g in gates if g.key.endswith(self.part)), gates[0] if gates else None)
        if gate is None:
            self.say("This job is not waiting for approval.", bad=True)
        else:
            show_gate(self, gate, {"job": self.job_id})
