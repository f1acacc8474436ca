"""Form of prompts: faults that can be removed, and problems that have to be written again."""

import re

from engine.text.plural import pluralize
from engine.text.words import words

MIN_WORDS = 100
MAX_WORDS = 300
MAX_CHARACTERS = 8000

_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’"}
_PREAMBLE = re.compile(
    r"\A(?:(?:sure|certainly|of course|okay|ok)\b[^\n:]{0,80}[:!.]\s*)?"
    r"(?:here(?:'s| is| are)\b[^\n:]{0,160}:\s*|(?:visual |image )?prompt(?: \d+)?\s*:\s*)?",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"\*{1,3}([^*\n]+?)\*{1,3}|__([^_\n]+?)__")
_SPACES = re.compile(r"[ \t]+")
_BREAKS = re.compile(r"\s*\n\s*\n\s*")

_LIST = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+\S", re.MULTILINE)
_HEADING = re.compile(
    r"^\s*(?:#{1,6}\s+\S|\*\*[^*\n]{1,60}\*\*:?\s*$|[A-Z][\w &/-]{1,40}:\s*(?:$|\S))", re.MULTILINE
)
_OPENS_WITH_TALK = re.compile(
    r"\A\W*(?:here(?:'s| is| are)|sure|certainly|of course|prompt|this (?:image|prompt))\b",
    re.IGNORECASE,
)
_MODELS = re.compile(
    r"\b(?:SDXL|Stable Diffusion|Midjourney|DALL[-·]?E|Flux\.1|Imagen)\b", re.IGNORECASE
)
_MUSIC = re.compile(
    r"\b(?:music(?:al(?:ly)?|ians?)?|melod(?:y|ies|ic)|songs?|tempos?|bpm|chords?|"
    r"(?:major|minor) key|key of [A-G]\b|harmon(?:y|ies|ic)|rhythm(?:s|ic|ically)?|"
    r"beats? per minute|soundtracks?|audio|symphon(?:y|ies|ic)|orchestras?|abc notation)\b",
    re.IGNORECASE,
)


def cleaned(text: str) -> str:
    """Return a prompt without the wrapping that models put around it.

    Preambles (`Here is ...:`), quotation marks around the whole, emphasis and needless spaces
    go; paragraphs stay. Nothing inside the prose is rewritten.
    """
    bare = _EMPHASIS.sub(lambda found: found[1] or found[2], text.strip())
    bare = _unquoted(_PREAMBLE.sub("", _unquoted(bare), count=1).strip())
    paragraphs = [
        _SPACES.sub(" ", " ".join(_lines(part))).strip() if not _LIST.search(part) else part.strip()
        for part in _BREAKS.split(bare)
    ]
    return "\n\n".join(filter(None, paragraphs))


def _lines(paragraph: str) -> list[str]:
    return [line.strip() for line in paragraph.splitlines()]


def _unquoted(text: str) -> str:
    """Return a text without the pair of quotation marks around all of it."""
    close = _QUOTES.get(text[:1])
    if close is None or len(text) < 2 or not text.endswith(close):
        return text
    inner = text[1:-1]
    return text if text[0] in inner or close in inner.replace("’", "") else inner.strip()


def problems_of(prompt: str) -> tuple[str, ...]:
    """Return the problems of a prompt, one sentence each, as its writer reads them.

    100 to 300 words of prose are wanted: no list, heading, preamble or quotation marks around it,
    no name of an image model, no talk of music.
    """
    found = (
        _length(prompt),
        "It has a list." if _LIST.search(prompt) else "",
        "It has a heading." if _HEADING.search(prompt) else "",
        "It opens with a remark to the reader." if _OPENS_WITH_TALK.search(prompt) else "",
        "It opens with a quotation mark." if prompt.strip()[:1] in _QUOTES else "",
        "It has asterisks." if "*" in prompt else "",
        _named("It names an image model", _MODELS, prompt),
        _named("It talks of music", _MUSIC, prompt),
    )
    return tuple(filter(None, found))


def _length(prompt: str) -> str:
    count = len(words(prompt))
    if MIN_WORDS <= count <= MAX_WORDS:
        return ""
    return f"It has {pluralize(count, 'word')}, not {MIN_WORDS} to {MAX_WORDS}."


def _named(sentence: str, pattern: re.Pattern[str], prompt: str) -> str:
    names = dict.fromkeys(match[0].lower() for match in pattern.finditer(prompt))
    return f"{sentence}: {', '.join(list(names)[:5])}." if names else ""
