"""Text from outside, sanitized for a terminal.

An operator's file, a provider's answer or a file name may contain anything: escape sequences that
recolour or retitle a terminal, direction marks that show a line in another order than it was
written, halves of characters that cannot be encoded. Text is *stored* unchanged; text that
is *shown* goes through `clean`.
"""

import re
import unicodedata

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# A string that is never ended stops at the next control character, so one match is never long
# twice: the pattern stays linear in the length of the text.
_SEQUENCES = re.compile(
    "(?:\x1b[P\\]X^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x80-\x9f]*+(?:\x07|\x1b\\\\|\x9c)"  # strings
    "|(?:\x1b\\[|\x9b)[0-?]*+[ -/]*+[@-~]"  # colours, cursor movements, modes
    "|\x1b[ -/]*+[0-~]"  # sequences of two and three characters
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\t\n ]+")
_UNSEEN = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x9f{_BIDI}\ufeff\U000e0000-\U000e007f]")
_HALVES = re.compile("[\ud800-\udfff]")
_ELLIPSIS = "…"


def clean(text: str, limit: int | None = 200, *, keep_newlines: bool = False) -> str:
    r"""Return text from outside, safe and short enough to show in a terminal.

    Removes escape sequences, C0 and C1 control characters, direction marks and overrides, byte
    order marks and tag characters; halves of characters (lone surrogates) become U+FFFD; every
    run of white space becomes one space. It does not escape the markup of Rich or Textual: show
    the result as plain text.

    Args:
        text: Any text, of any length.
        limit: Maximum number of characters returned, at least 1, or None for all; longer text
            ends in an ellipsis.
        keep_newlines: True to keep line breaks (as `\n`) and spaces as they are, for text that is
            shown in full.

    Returns:
        The text as it can be shown, at most `limit` characters.
    """
    if not text:
        return text  # as most columns of a list are, a hundred rows at a time
    if limit is not None and len(text) > 16 * limit + 1024:
        text = text[: 16 * limit + 1024] + _ELLIPSIS  # far beyond the limit, nothing is looked at
    if not text.isprintable():
        text = _LINE_ENDS.sub("\n", _SEQUENCES.sub("", text))
        text = _HALVES.sub("\ufffd", _UNSEEN.sub("", text))
    if not keep_newlines:
        text = _SPACES.sub(" ", text).strip()
    if limit is not None and len(text) > limit:
        text = text[: limit - 1].rstrip() + _ELLIPSIS
    return text


def quoted(text: str, limit: int = 60) -> str:
    """Return an excerpt of text from outside, cleaned and in quotation marks."""
    return f"'{clean(text, limit)}'"


def has_hidden(text: str) -> bool:
    """Return whether text has a control character, direction mark, line end or half a character.

    Such text is refused where it becomes a name.
    """
    if text.isprintable():
        return False
    kinds = {unicodedata.category(character) for character in text}
    return not kinds.isdisjoint({"Cc", "Cs", "Zl", "Zp"}) or bool(_UNSEEN.search(text))
