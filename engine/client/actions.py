"""The actions of an operator, each described once.

Command line, dashboard and API take verbs, titles, help and questions from here. Plain data: to
import this module costs nothing.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from engine.text.errors import UserError

Subject = Literal["batch", "job", "lane", "engine"]
ArgumentKind = Literal["integer", "number", "dollars", "text", "json", "mapping"]


class UnknownAction(UserError):
    """The verb is not an action."""


class Argument(NamedTuple):
    """One argument of an action.

    Attributes:
        name: Its name, as in a command's arguments.
        kind: The kind of its value.
        help: One line.
        required: False if it may be left out.
    """

    name: str
    kind: ArgumentKind
    help: str
    required: bool = True


class OperatorAction(NamedTuple):
    """One thing that an operator can do.

    Attributes:
        verb: Its name on the command line, in the store and in the API.
        title: One or two words for footers, palettes and buttons.
        help: One line.
        applies_to: The subjects that it can be done to.
        handler: The function that does it, as `module:name`.
        arguments: Its arguments.
        done: The past tense, for a summary of several: `Paused` 3 jobs.
        destructive: True if the operator is asked first.
        starts_work: True if an engine has something to do after it.
        usage: The command and its option that do it, if that is not the verb: `pause --all`.
    """

    verb: str
    title: str
    help: str
    applies_to: tuple[Subject, ...]
    handler: str
    arguments: tuple[Argument, ...] = ()
    done: str = ""
    destructive: bool = False
    starts_work: bool = False
    usage: str = ""

    @property
    def command_line(self) -> str:
        """The command of the command line that does it: `pause --all`."""
        return self.usage or self.verb

    @property
    def is_command(self) -> bool:
        """True if it is written to the store for an engine to carry out."""
        return self.handler.startswith("engine.runtime.")

    def question(self, subject: str) -> str:
        """Return the question that is asked before a destructive action."""
        return f"{self.title} {subject}? {self.help}"

    def load_handler(self) -> Callable[..., Any]:
        """Import the function that carries the action out."""
        from importlib import import_module
        from operator import attrgetter

        module, _, name = self.handler.partition(":")
        function: Callable[..., Any] = attrgetter(name)(import_module(module))
        return function


_BOTH: tuple[Subject, ...] = ("batch", "job")
_JOB_COMMANDS = "engine.runtime.job_commands"
_DECISIONS = "engine.runtime.decision_commands"
_LIMITS = "engine.runtime.limit_commands"
_WHOLE = "engine.runtime.workspace_commands"
_BATCHES = "engine.runtime.batch_commands"
_PROCESS = "engine.client.engine_process:EngineProcess"

ACTIONS: tuple[OperatorAction, ...] = (
    OperatorAction(
        "pause",
        "Pause",
        "Pause jobs or batches; running jobs stop at their step.",
        _BOTH,
        f"{_JOB_COMMANDS}:pause",
        done="Paused",
    ),
    OperatorAction(
        "resume",
        "Resume",
        "Resume paused or parked jobs; .env is read again.",
        _BOTH,
        f"{_JOB_COMMANDS}:resume",
        done="Resumed",
        starts_work=True,
    ),
    OperatorAction(
        "cancel",
        "Cancel",
        "End unfinished jobs; finished work is kept.",
        _BOTH,
        f"{_JOB_COMMANDS}:cancel",
        done="Cancelled",
        destructive=True,
    ),
    OperatorAction(
        "cancel_waiting",
        "Cancel waiting",
        "End jobs that wait; running ones continue.",
        _BOTH,
        f"{_JOB_COMMANDS}:cancel_waiting",
        done="Cancelled what waits of",
        destructive=True,
        usage="cancel --waiting",
    ),
    OperatorAction(
        "retry",
        "Retry",
        "Run jobs again from the step that failed.",
        _BOTH,
        f"{_JOB_COMMANDS}:retry",
        done="Retried",
        starts_work=True,
    ),
    OperatorAction(
        "pause_all",
        "Pause all",
        "Pause everything: no batch gets new work, and running jobs stop at their step.",
        ("engine",),
        f"{_WHOLE}:pause_all",
        done="Paused",
        usage="pause --all",
    ),
    OperatorAction(
        "resume_all",
        "Resume all",
        "Resume everything; batches that were paused by themselves stay paused.",
        ("engine",),
        f"{_WHOLE}:resume_all",
        done="Resumed",
        starts_work=True,
        usage="resume --all",
    ),
    OperatorAction(
        "priority",
        "Priority",
        "Move jobs or batches up or down the queue.",
        _BOTH,
        f"{_JOB_COMMANDS}:priority",
        (Argument("change", "integer", "Added to the priority; the highest runs first."),),
        done="Changed the priority of",
    ),
    OperatorAction(
        "front",
        "To the front",
        "Move queued jobs or batches before all others.",
        _BOTH,
        f"{_JOB_COMMANDS}:front",
        done="Moved to the front:",
    ),
    OperatorAction(
        "decide",
        "Decide",
        "Override a decision of a job; steps that depend on it run again.",
        ("job",),
        f"{_DECISIONS}:decide",
        (
            Argument("key", "text", "The decision, as the recipe names it."),
            Argument("value", "json", "The value that replaces the recipe's own."),
        ),
        done="Decided",
        starts_work=True,
    ),
    OperatorAction(
        "undo",
        "Undo",
        "Take the latest decision of a job back; earlier results come from the store.",
        ("job",),
        f"{_DECISIONS}:undo",
        (
            Argument("key", "text", "The decision; by default the latest.", False),
            Argument("decision", "integer", "The number of the one that was looked at.", False),
        ),
        done="Undone",
        starts_work=True,
    ),
    OperatorAction(
        "approve",
        "Approve",
        "Approve what a job waits with at a gate, perhaps edited.",
        _BOTH,
        f"{_DECISIONS}:approve",
        (
            Argument("key", "text", "The gate; by default the only one that waits.", False),
            Argument("value", "json", "The edited value, of one job.", False),
            Argument("fingerprint", "text", "The step that was looked at.", False),
        ),
        done="Approved",
        starts_work=True,
    ),
    OperatorAction(
        "reject",
        "Reject",
        "Reject what a job waits with at a gate.",
        _BOTH,
        f"{_DECISIONS}:reject",
        (
            Argument("key", "text", "The gate; by default the only one that waits.", False),
            Argument("reason", "text", "The reason, for the job's history.", False),
            Argument("fingerprint", "text", "The step that was looked at.", False),
        ),
        done="Rejected",
        starts_work=True,
    ),
    OperatorAction(
        "rate",
        "Rate",
        "Rate a result or a part of it: 1 to 5, keep, reject; with a note.",
        ("job",),
        "engine.runtime.rating_commands:rate",
        (
            Argument("value", "text", "1 to 5, keep, reject, or none.", False),
            Argument("note", "text", "A note, in place of the one before.", False),
            Argument("part", "text", "A part of the job, as `iteration-2`.", False),
            Argument("author", "text", "Who rates.", False),
        ),
        done="Rated",
    ),
    OperatorAction(
        "star",
        "Star",
        "Star a batch, or take its star away.",
        ("batch",),
        f"{_BATCHES}:star",
        (Argument("on", "json", "False to take it away.", False),),
        done="Starred",
    ),
    OperatorAction(
        "note",
        "Note",
        "Write a note on a batch, in place of the one before.",
        ("batch",),
        f"{_BATCHES}:note",
        (Argument("text", "text", "The note; empty for none."),),
        done="Noted",
    ),
    OperatorAction(
        "archive",
        "Archive",
        "Leave batches out of lists; their jobs continue.",
        ("batch",),
        f"{_BATCHES}:archive",
        done="Archived",
    ),
    OperatorAction(
        "unarchive",
        "Unarchive",
        "List archived batches again.",
        ("batch",),
        f"{_BATCHES}:unarchive",
        done="Listed again",
    ),
    OperatorAction(
        "delete",
        "Delete",
        "Delete ended batches with their jobs, files and outputs; the money spent stays counted.",
        ("batch",),
        f"{_BATCHES}:delete",
        done="Deleting",
        destructive=True,
    ),
    OperatorAction(
        "budget",
        "Budget",
        "Change the maximum cost of a batch.",
        ("batch",),
        f"{_LIMITS}:budget",
        (Argument("budget", "dollars", "Micro-dollars; null for no budget."),),
        done="Changed the budget of",
    ),
    OperatorAction(
        "lane",
        "Lane",
        "Change a lane's concurrency or rate limit until the engine ends.",
        ("lane",),
        f"{_LIMITS}:lane",
        (
            Argument("lane", "text", "A lane, or a backend for all of its lanes."),
            Argument("concurrency", "integer", "Maximum calls in flight, 1 to 256.", False),
            Argument("requests_per_minute", "number", "Maximum rate; 0 for no limit.", False),
        ),
        done="Changed",
    ),
    OperatorAction(
        "learned",
        "Learned",
        "List, change and switch off what never helped with a model.",
        ("engine",),
        "engine.runtime.learned_commands:learned",
        (
            Argument("change", "text", "add, edit, on, off or delete."),
            Argument("id", "integer", "The term's number; not for add.", False),
            Argument("term", "text", "The words, for add and edit.", False),
            Argument("model", "text", "Backend and model, for add.", False),
            Argument("recipe", "text", "The recipe, for add; by default `refine`.", False),
        ),
        done="Changed",
    ),
    OperatorAction(
        "send",
        "Send to",
        "Send a file or a text of a job to another recipe.",
        ("job",),
        "engine.client.workspace:Workspace.send",
        (
            Argument("sources", "text", "`JOB` or `JOB:PART`, one or several."),
            Argument("recipe", "text", "The recipe that takes it."),
            Argument("settings", "mapping", "Its settings and fields of its input.", False),
        ),
        done="Sent",
        starts_work=True,
    ),
    OperatorAction(
        "branch",
        "Branch",
        "Start a line of its own from a part of a job, with another prompt, seed or settings.",
        ("job",),
        "engine.client.workspace:Workspace.branch",
        (
            Argument("source", "text", "`JOB:PART`."),
            Argument("prompt", "text", "Another prompt.", False),
            Argument("settings", "mapping", "Other settings, and fields of the entry.", False),
        ),
        done="Branched",
        starts_work=True,
    ),
    OperatorAction(
        "again",
        "Again",
        "Queue a batch or a job again, with other settings or another prompt.",
        _BOTH,
        "engine.client.workspace:Workspace.again",
        (
            Argument("what", "text", "The batch or the job."),
            Argument("settings", "mapping", "Settings and fields that differ.", False),
        ),
        done="Queued again",
        starts_work=True,
    ),
    OperatorAction(
        "open",
        "Open file",
        "Open a file of a job in a viewer, or play it.",
        ("job",),
        "engine.client.workspace:Workspace.open",
        (
            Argument("source", "text", "`JOB` or `JOB:PART`."),
            Argument("part", "text", "The part; by default the job's best result.", False),
        ),
        done="Opened",
    ),
    OperatorAction(
        "start",
        "Start engine",
        "Start an engine in the background; it outlives this program.",
        ("engine",),
        f"{_PROCESS}.start",
    ),
    OperatorAction(
        "stop",
        "Stop engine",
        "Running jobs stop at their step; the next engine continues them.",
        ("engine",),
        f"{_PROCESS}.stop",
        destructive=True,
    ),
    OperatorAction(
        "drain",
        "Stop after current",
        "Running jobs continue to their end, nothing new is taken, then the engine stops.",
        ("engine",),
        f"{_WHOLE}:drain",
        usage="stop --after-current",
    ),
    OperatorAction(
        "restart",
        "Restart engine",
        "Running jobs stop at their step and then continue.",
        ("engine",),
        f"{_PROCESS}.restart",
        destructive=True,
    ),
)
"""All actions, the most used first."""

_BY_VERB = {action.verb: action for action in ACTIONS}


def action_of(verb: str) -> OperatorAction:
    """Return the action of a verb.

    Raises:
        UnknownAction: There is none.
    """
    try:
        return _BY_VERB[verb]
    except KeyError:
        from engine.runtime.commands import UNKNOWN_VERB

        remedy = f"There are: {', '.join(_BY_VERB)}."
        raise UnknownAction(UNKNOWN_VERB.format(verb), remedy=remedy) from None
