"""Subjects of scenes by rules: who is named in which, and who is meant by a pronoun.

English only for pronouns: a scene that names nobody and speaks of "it" or "her" shows whom the
scene before it showed.
"""

import re
from collections.abc import Mapping, Sequence

from engine.recipes.storyboard.film import Film, Subject, key_of
from engine.recipes.storyboard.rules.subjects import subject, without_form

_PRONOUN = re.compile(
    r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs)\b", re.IGNORECASE
)
_ARTICLE = re.compile(r"^(?:an?|the|one|some|our)\s+", re.IGNORECASE)


def cast(film: Film, prompts: Sequence[str]) -> tuple[dict[str, Subject], list[tuple[str, ...]]]:
    """Return the subjects of a film by their keys, and the names of those that each scene shows.

    The film's own are looked for by their names. A film without any has the subject of its brief,
    if two scenes or more show it; how that looks is not known.

    Args:
        film: The film.
        prompts: Words of its scenes, in order.
    """
    named = {key_of(one.name): one for one in film.subjects}
    if not named and (phrase := _ARTICLE.sub("", _subject(film.brief))):
        named = {key_of(phrase): Subject(name=phrase)}
    present = present_in(prompts, named)
    if not film.subjects and sum(map(bool, present)) < 2:
        return {}, [() for _ in prompts]
    return named, present


def _subject(brief: str) -> str:
    """Return the subject of a brief; "a watch advert with soft light" has none behind its form."""
    form = brief[: len(brief) - len(without_form(brief))]
    return "" if form.rstrip().casefold().endswith(" with") else subject(brief)


def present_in(prompts: Sequence[str], named: Mapping[str, Subject]) -> list[tuple[str, ...]]:
    """Return the names of the subjects that each scene shows, by its words.

    Args:
        prompts: Words of the scenes, in order.
        named: Subjects by their keys.
    """
    before: tuple[str, ...] = ()
    scenes = []
    for prompt in prompts:
        text = key_of(prompt)
        names = tuple(one.name for key, one in named.items() if _is_named(key, text))
        if not names and _PRONOUN.search(prompt):
            names = before
        scenes.append(names)
        before = names
    return scenes


def _is_named(key: str, text: str) -> bool:
    """Return True if a text has a name as whole words; scripts without spaces have no words."""
    at = text.find(key)
    while at >= 0:
        end = at + len(key)
        if not (_joins(text[at - 1 : at], key[0]) or _joins(key[-1], text[end : end + 1])):
            return True
        at = text.find(key, at + 1)
    return False


def _joins(one: str, other: str) -> bool:
    """Return True if two letters belong to one word of a script that is written with spaces."""
    return all(letter.isalnum() and letter < "\u2e80" for letter in (one or " ", other or " "))
