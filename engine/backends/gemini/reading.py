"""Raw replies of `generateContent`, whichever client fetched them.

Both of Google's clients drop a whole reply if one field has an unexpected type. Names are those of
JSON, or those of Google's protocol buffers, which some gateways send.

Wire format: https://ai.google.dev/api/generate-content
"""

from typing import Any

from pydantic import AliasChoices, Field

from engine.backends.common.endings import call_arguments
from engine.backends.common.error_bodies import MAX_WORDS, error_in
from engine.backends.common.failures import Account, cut_off, unless_made
from engine.backends.common.http import LastReply
from engine.backends.common.reading import Count, Items, Lenient, ReplyText, plain
from engine.backends.common.spending import TokenUsage
from engine.backends.gemini.failures import gemini_error

_OK = 200


def _named(json: str, proto: str) -> AliasChoices:
    return AliasChoices(json, proto)


class GeminiFunctionCall(Lenient):
    """Call of a tool."""

    args: Any = None


class InlineData(Lenient):
    """Bytes inside the reply."""

    media_type: str = Field("", validation_alias=_named("mimeType", "mime_type"))
    data: str = ""

    @property
    def is_image(self) -> bool:
        """True unless the media type excludes an image."""
        return bool(self.data) and self.media_type.partition("/")[0] in {"", "image", "application"}


class ContentPart(Lenient):
    """Part of an answer."""

    text: ReplyText = ""
    thought: bool = False
    call: GeminiFunctionCall = Field(
        GeminiFunctionCall(), validation_alias=_named("functionCall", "function_call")
    )
    inline: InlineData = Field(InlineData(), validation_alias=_named("inlineData", "inline_data"))


class ReplyContent(Lenient):
    """Content of an answer."""

    parts: Items[ContentPart] = ()


class ReplyCandidate(Lenient):
    """One answer."""

    content: ReplyContent = ReplyContent()
    finish: str = Field("", validation_alias=_named("finishReason", "finish_reason"))
    message: str = Field("", validation_alias=_named("finishMessage", "finish_message"))

    @property
    def answer(self) -> list[ContentPart]:
        """Parts without thoughts."""
        return [part for part in self.content.parts if not part.thought]

    @property
    def text(self) -> str:
        """Its words, or what it call_arguments a tool with where there are none."""
        words = "".join(part.text for part in self.answer)
        return words or call_arguments(part.call.args for part in self.answer)

    @property
    def thoughts(self) -> bool:
        """True if it has thoughts."""
        return len(self.answer) < len(self.content.parts)


class PromptFeedback(Lenient):
    """Feedback on the prompt."""

    reason: str = Field("", validation_alias=_named("blockReason", "block_reason"))
    message: str = Field("", validation_alias=_named("blockReasonMessage", "block_reason_message"))


class ModalityTokens(Lenient):
    """Count of the tokens of one modality."""

    modality: str = ""
    count: Count = Field(None, validation_alias=_named("tokenCount", "token_count"))


class UsageMetadata(Lenient):
    """Counts of tokens."""

    read: Count = Field(None, validation_alias=_named("promptTokenCount", "prompt_token_count"))
    written: Count = Field(
        None, validation_alias=_named("candidatesTokenCount", "candidates_token_count")
    )
    thought: Count = Field(
        None, validation_alias=_named("thoughtsTokenCount", "thoughts_token_count")
    )
    total: Count = Field(None, validation_alias=_named("totalTokenCount", "total_token_count"))
    details: Items[ModalityTokens] = Field(
        (), validation_alias=_named("promptTokensDetails", "prompt_tokens_details")
    )

    @property
    def sound(self) -> int | None:
        """Tokens of sound among those read; None if they are not counted apart."""
        counts = [one.count for one in self.details if one.modality == "AUDIO"]
        return counts[0] if counts else None


class GeminiReply(Lenient):
    """Fields of a reply that are used."""

    candidates: Items[ReplyCandidate] = ()
    feedback: PromptFeedback = Field(
        PromptFeedback(), validation_alias=_named("promptFeedback", "prompt_feedback")
    )
    counts: UsageMetadata = Field(
        UsageMetadata(), validation_alias=_named("usageMetadata", "usage_metadata")
    )
    id: str | None = Field(None, validation_alias=_named("responseId", "response_id"))

    @property
    def blocked(self) -> str:
        """Reason for blocking the prompt; empty if it is not blocked."""
        reason, message = self.feedback.reason, self.feedback.message
        if reason in {"", "BLOCK_REASON_UNSPECIFIED"}:
            return ""
        return f"{reason}: {message}" if message else reason

    @property
    def usage(self) -> TokenUsage:
        """Tokens used; thoughts count as written."""
        counts = self.counts
        written = None if counts.written is None else counts.written + (counts.thought or 0)
        if counts.read is not None and counts.total is not None:
            written = max(written or 0, counts.total - counts.read)
        return TokenUsage(
            tokens_in=counts.read,
            tokens_out=written,
            tokens_sound=counts.sound,
            request_id=self.id,
        )


def reply_in(account: Account, heard: LastReply, *, unknown: bool) -> GeminiReply:
    """Read the last reply of a client.

    Args:
        account: Whose reply it is.
        heard: The raw reply.
        unknown: As for `from_exception`.

    Raises:
        StepError: It is an error, or holds neither a candidate nor why there is none.
    """
    body = plain(heard.body)
    reply_error, status = error_in(body), heard.status
    reply = GeminiReply.model_validate(body if isinstance(body, dict) else {})
    if reply_error is not None and status == _OK and not reply.candidates:
        status = reply_error.status
    if status != _OK:
        words = heard.body[:MAX_WORDS].decode("utf-8", "replace") if body is None else body
        error = gemini_error(account, status, words, heard.headers)
        raise unless_made(error, status, unknown=unknown)
    if not reply.candidates and not reply.blocked:
        raise cut_off(account, "what came holds no candidate", unknown=unknown)
    return reply
