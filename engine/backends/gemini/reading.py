"""A reply of `generateContent` as it came, whichever client fetched it.

Both of Google's clients give up a whole reply over one field of a shape that they do not expect.
Names are those of JSON, or those of Google's protocol buffers, which gateways send.

Wire format: https://ai.google.dev/api/generate-content
"""

from typing import Any

from pydantic import AliasChoices, Field

from engine.backends.common.endings import called
from engine.backends.common.error_bodies import MOST_WORDS, error_in
from engine.backends.common.failures import Account, cut_off, unless_made
from engine.backends.common.http import Heard
from engine.backends.common.reading import Count, Items, Lenient, Text, plain
from engine.backends.common.spending import Usage
from engine.backends.gemini.failures import gemini_error

_OK = 200


def _named(json: str, proto: str) -> AliasChoices:
    return AliasChoices(json, proto)


class Call(Lenient):
    """A call of a tool."""

    args: Any = None


class Inline(Lenient):
    """Bytes inside the reply."""

    media_type: str = Field("", validation_alias=_named("mimeType", "mime_type"))
    data: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether they may be a picture: nothing says that they are something else."""
        return bool(self.data) and self.media_type.partition("/")[0] in {"", "image", "application"}


class Part(Lenient):
    """A part of what a model made."""

    text: Text = ""
    thought: bool = False
    call: Call = Field(Call(), validation_alias=_named("functionCall", "function_call"))
    inline: Inline = Field(Inline(), validation_alias=_named("inlineData", "inline_data"))


class Content(Lenient):
    """What a model made."""

    parts: Items[Part] = ()


class Candidate(Lenient):
    """One answer."""

    content: Content = Content()
    finish: str = Field("", validation_alias=_named("finishReason", "finish_reason"))
    said: str = Field("", validation_alias=_named("finishMessage", "finish_message"))

    @property
    def made(self) -> list[Part]:
        """Its parts without thoughts."""
        return [part for part in self.content.parts if not part.thought]

    @property
    def text(self) -> str:
        """Its words, or what it called a tool with where there are none."""
        words = "".join(part.text for part in self.made)
        return words or called(part.call.args for part in self.made)

    @property
    def thoughts(self) -> bool:
        """Whether it has thoughts."""
        return len(self.made) < len(self.content.parts)


class Feedback(Lenient):
    """What Google says of the prompt."""

    reason: str = Field("", validation_alias=_named("blockReason", "block_reason"))
    said: str = Field("", validation_alias=_named("blockReasonMessage", "block_reason_message"))


class Counts(Lenient):
    """Tokens, as Google counts them."""

    read: Count = Field(None, validation_alias=_named("promptTokenCount", "prompt_token_count"))
    written: Count = Field(
        None, validation_alias=_named("candidatesTokenCount", "candidates_token_count")
    )
    thought: Count = Field(
        None, validation_alias=_named("thoughtsTokenCount", "thoughts_token_count")
    )
    total: Count = Field(None, validation_alias=_named("totalTokenCount", "total_token_count"))


class GeminiReply(Lenient):
    """What is read of a reply."""

    candidates: Items[Candidate] = ()
    feedback: Feedback = Field(
        Feedback(), validation_alias=_named("promptFeedback", "prompt_feedback")
    )
    counts: Counts = Field(Counts(), validation_alias=_named("usageMetadata", "usage_metadata"))
    id: str | None = Field(None, validation_alias=_named("responseId", "response_id"))

    @property
    def blocked(self) -> str:
        """Why the prompt is blocked, empty where it is not."""
        reason, said = self.feedback.reason, self.feedback.said
        if reason in {"", "BLOCK_REASON_UNSPECIFIED"}:
            return ""
        return f"{reason}: {said}" if said else reason

    @property
    def usage(self) -> Usage:
        """What it took; thoughts are tokens that were written."""
        counts = self.counts
        written = None if counts.written is None else counts.written + (counts.thought or 0)
        if counts.read is not None and counts.total is not None:
            written = max(written or 0, counts.total - counts.read)
        return Usage(tokens_in=counts.read, tokens_out=written, request_id=self.id)


def reply_in(account: Account, heard: Heard, *, unknown: bool) -> GeminiReply:
    """The reply that was heard.

    Args:
        account: Whose reply it is.
        heard: The reply as it came.
        unknown: As for `from_exception`.

    Raises:
        StepError: It is an error, or holds neither a candidate nor why there is none.
    """
    body = plain(heard.body)
    found, status = error_in(body), heard.status
    reply = GeminiReply.model_validate(body if isinstance(body, dict) else {})
    if found is not None and status == _OK and not reply.candidates:
        status = found.status
    if status != _OK:
        words = heard.body[:MOST_WORDS].decode("utf-8", "replace") if body is None else body
        error = gemini_error(account, status, words, heard.headers)
        raise unless_made(error, status, unknown=unknown)
    if not reply.candidates and not reply.blocked:
        raise cut_off(account, "what came holds no candidate", unknown=unknown)
    return reply
