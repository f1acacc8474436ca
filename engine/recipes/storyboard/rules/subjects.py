"""Subject of a brief: its leading noun phrase, found by the small words around it.

English only, and a guess: where it is wrong it is still a verbatim piece of the brief.
"""

import re
from functools import cache

from engine.recipes.storyboard.rules.choices import choices
from engine.text.terminal import clean

LONGEST = 8
"""Words of a subject at most."""

MAX_UNBOUND = 6
"""Maximum number of words of a subject without a visible end."""

_TITLE = re.compile(r"^[^.!?\n:]{1,60}:\s+(?=\w)")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[.,;:!?()\n]")


def subject(brief: str) -> str:
    """Subject of a brief, verbatim; empty if none is found."""
    text = _TITLE.sub("", without_form(clean(brief, 400)), count=1)
    matches = list(_WORD.finditer(text))[: LONGEST + 1]
    words = [match.group().lower() for match in matches]
    end = next((at for at in range(len(words)) if _ends(words, at)), len(words))
    bound = end < len(words) and words[end][0].isalnum()
    if end > (LONGEST if bound else MAX_UNBOUND):
        return ""  # a whole sentence, or in another language
    phrase = text[matches[0].start() : matches[end - 1].end()] if end else ""
    if not phrase or words[0] in choices()["words"]["pronouns"]:
        return ""
    first = phrase.split()[0]
    return phrase if first.isupper() and len(first) > 1 else phrase[:1].lower() + phrase[1:]


def _ends(words: list[str], at: int) -> bool:
    """Return True if a subject ends before a word."""
    word, small = words[at], choices()["words"]
    if not word[0].isalnum():
        return True
    if at and word in small["ends"]:
        return True
    if at > 1 and word.endswith("ing"):
        return True
    # "opens a", "walks along": the verb.
    following = words[at + 1] if at + 1 < len(words) else ""
    return (
        at > 0
        and word[-1:] == "s"
        and word[-2:] != "ss"
        and (following in small["objects"] or following in small["moves"])
    )


def without_form(brief: str) -> str:
    """A brief without its medium: "a commercial for a bike" becomes "a bike"."""
    return _form().sub("", brief, count=1)


def without_action(part: str) -> str:
    """A part of a brief without what happens in it: "a fox runs into a wood" is "a fox, in a wood".

    It is returned as it is if no subject is recognised, or none that does something.
    """
    phrase = subject(part)
    if not phrase or part[: len(phrase)].casefold() != phrase.casefold():
        return part
    rest = part[len(phrase) :].split()
    if not rest or not _acts(rest[0].casefold()):
        return part
    places = choices()["words"]["places"]
    at = next((at for at, word in enumerate(rest) if word.casefold() in places), len(rest))
    if at == len(rest):
        return part[: len(phrase)]
    preposition = rest[at].casefold()
    standing = choices()["standing"].get(preposition, preposition)
    return f"{part[: len(phrase)]}, {' '.join([standing, *rest[at + 1 :]])}"


def _acts(word: str) -> bool:
    """Return True if a word behind a subject is most likely a verb."""
    return word.isalpha() and word.endswith(("s", "ing")) and not word.endswith("ss")


@cache
def _form() -> re.Pattern[str]:
    forms = "|".join(re.escape(form) for form in choices()["brief"]["forms"])
    return re.compile(
        rf"^\s*(?:an?|the|our|make|create|please)?\s*(?:an?|the)?\s*(?:\d+[\s-]*(?:seconds?|s|sec)\s+)?"
        rf"(?:[\w-]+\s+){{0,3}}(?:{forms})\s+(?:for|about|of|on|showing|with)\s+",
        re.IGNORECASE,
    )
