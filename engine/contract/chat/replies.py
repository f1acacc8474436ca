"""Structured replies: from what a model wrote to a validated answer, with one round of repair.

A model's own schema mode makes most replies plain JSON. Where there is none, or it is not kept to,
the text is parsed tolerantly: fences, prose around, trailing commas, a thinker's thoughts. What is
never tolerated: a missing or doubtful value. Two different answers in one reply are none, and
scores on another scale than the one that is asked for are asked about.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.contract.backend import CallContext
from engine.contract.chat.answers import Answer
from engine.contract.chat.conversation import Conversation
from engine.contract.chat.thoughts import has_thoughts, without_thoughts
from engine.contract.errors import Permanent
from engine.text.terminal import clean, quoted

ShapeT = TypeVar("ShapeT", bound=BaseModel)

MAX_CHARACTERS = 200_000
"""The longest reply that is looked at."""

_ONLY_THOUGHTS = "The reply holds only thoughts and no answer."
_MAX_STARTS = 50
_LOOKS_LIKE_OBJECT = re.compile(r'\{\s*["}]')
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s*[}\]])')


class UnusableReply(ValueError):
    """A reply that holds no valid answer; the message says why, fit to be shown to the model."""


@dataclass(frozen=True, slots=True)
class ModelReply:
    """Reply of a model.

    Attributes:
        text: Its words.
        ended: `done`; `length` where it was cut off at the limit of tokens; `refused`.
        reason: Why it was refused, or what else the provider says of how it ended.
        thoughts: True if it has thoughts in a field of their own.
    """

    text: str
    ended: Literal["done", "length", "refused"] = "done"
    reason: str = ""
    thoughts: bool = False


Ask = Callable[[Conversation], Awaitable[ModelReply]]
"""One round with a model."""


async def structured(
    ask: Ask, talk: Conversation, shape: type[ShapeT], context: CallContext, name: str
) -> ShapeT:
    """Ask for a valid answer: once, and once more with the error.

    Args:
        ask: One round with the model.
        talk: What is said to it.
        shape: The model of the answer.
        context: The call's context; a reply that stays unusable is kept with the role
            `raw-reply`.
        name: The backend's name, for messages.

    Raises:
        Permanent: The second answer is unusable too, the reply is cut off at the limit of
            tokens, or the model refuses.
    """
    first = await _answered(ask, talk, context, name)
    try:
        return _taken(first, shape, asked=False)
    except UnusableReply as error:
        context.progress(None, "the reply was unusable; asked again")
        second = await _answered(ask, talk.repaired(first.text, str(error)), context, name)
    try:
        return _taken(second, shape, asked=True)
    except UnusableReply as error:
        kept = await _keep(second.text, context)
        raise Permanent(
            f"{name} gave no usable reply, twice: {clean(str(error), 400)} {_head(second)}",
            remedy=f"The whole reply is kept as {kept}. {_remedy(second)}",
        ) from None


def _taken(reply: ModelReply, shape: type[ShapeT], *, asked: bool) -> ShapeT:
    """Return the answer of a reply, unless there is a question about it."""
    if not reply.text.strip() and reply.thoughts:
        raise UnusableReply(_ONLY_THOUGHTS)
    answer = parse(reply.text, shape)
    if isinstance(answer, Answer) and (doubt := answer.doubt(asked=asked)):
        raise UnusableReply(doubt)
    return answer


def _remedy(reply: ModelReply) -> str:
    if reply.thoughts or has_thoughts(reply.text):
        return "Have the model think less or not at all, try another one, or retry the job."
    return "Try another model, or retry the job."


async def _answered(ask: Ask, talk: Conversation, context: CallContext, name: str) -> ModelReply:
    reply = await ask(talk)
    if reply.ended == "refused":
        raise Permanent(
            f"{name} refused: {clean(reply.reason or reply.text, 2000) or 'it gave no reason'}",
            remedy="Change the prompt; the same request is refused again.",
        )
    if reply.ended == "length":
        kept = await _keep(reply.text, context)
        thinking = " while it was thinking" if _only_thoughts(reply) else ""
        raise Permanent(
            f"The reply of {name} was cut off at its limit of tokens{thinking}. {_head(reply)}",
            remedy=f"Raise {name}.max_tokens. What there is of the reply is kept as {kept}.",
        )
    return reply


async def _keep(text: str, context: CallContext) -> str:
    artifact = await context.keep(text.encode("utf-8", "replace"), role="raw-reply")
    return artifact.hash[:12]


def _head(reply: ModelReply) -> str:
    """Return a sentence on the beginning of a reply and on its finish reason."""
    text = reply.text
    begins = f"It begins {quoted(text, 120)}." if text.strip() else "It is empty."
    if _only_thoughts(reply):
        begins = "There are only thoughts in it."
    why = reply.reason if reply.ended == "done" else ""
    return f"{begins} It ended with {quoted(why, 2000)}." if why else begins


def _only_thoughts(reply: ModelReply) -> bool:
    said = without_thoughts(reply.text).strip()
    return not said and (reply.thoughts or has_thoughts(reply.text))


def parse(text: str, shape: type[ShapeT]) -> ShapeT:
    """The one valid answer in a reply.

    A reply that quotes an object from the brief and fails to give its own must not pass for the
    quoted one. So whatever looks like an answer has to be valid, and all of it the same.

    Args:
        text: What the model wrote.
        shape: The model of the answer.

    Raises:
        UnusableReply: There is no answer in it, one is broken or invalid, or several differ.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnusableReply(f"The reply is longer than {MAX_CHARACTERS} characters.")
    names = set(shape.model_fields)
    said = without_thoughts(text)
    if not said.strip() and has_thoughts(text):
        raise UnusableReply(_ONLY_THOUGHTS)
    found = [one for one in _objects(said) if names & one.keys()]
    if not found:
        raise UnusableReply("The reply holds no JSON object with the fields that are asked for.")
    try:
        answers = [shape.model_validate(one) for one in found]
    except ValidationError as error:
        raise UnusableReply(_explained(error)) from None
    if any(answer != answers[0] for answer in answers):
        raise UnusableReply("The reply holds several answers that differ; give one.")
    return answers[0]


def _explained(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)[:5]
    places = [".".join(str(part) for part in problem["loc"]) or "answer" for problem in problems]
    return " ".join(
        f"{clean(place, 60)}: {_in_characters(problem)}."
        for place, problem in zip(places, problems, strict=True)
    )


def _in_characters(problem: ErrorDetails) -> str:
    """Return the message of a problem; pydantic counts the length of cleaned texts in items."""
    is_text = problem.get("ctx", {}).get("field_type") == "Value"
    return problem["msg"].replace(" item", " character") if is_text else problem["msg"]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects of a text, tolerating prose around and trailing commas.

    Raises:
        UnusableReply: Something begins like an object and is none.
    """
    start, tries = text.find("{"), 0
    while start >= 0:
        if (tries := tries + 1) > _MAX_STARTS:
            raise UnusableReply("The reply holds too many braces.")
        end = _end_of_object(text, start)
        found = _decoded(text[start:end], final=bool(_LOOKS_LIKE_OBJECT.match(text, start)))
        if found is not None:
            yield found
        start = text.find("{", end if found is not None and end else start + 1)


def _end_of_object(text: str, start: int) -> int | None:
    """Index of the last brace of the object that starts at `start`, or None if it has none."""
    depth, in_string, escaped = 0, False, False
    for place in range(start, len(text)):
        character = text[place]
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return place + 1
    return None


def _decoded(text: str, *, final: bool) -> dict[str, Any] | None:
    """An object as it is written, or without its trailing commas; None if it is prose."""
    problem = ""
    for written in (text, _TRAILING_COMMA.sub(lambda found: found[1] or "", text)):
        try:
            value = json.loads(written, object_pairs_hook=_once, parse_constant=_refused)
        except (ValueError, RecursionError) as error:
            problem = problem or clean(str(error))
            continue
        return value if isinstance(value, dict) else None
    if final:
        raise UnusableReply(f"The JSON object is broken: {problem}.")
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
