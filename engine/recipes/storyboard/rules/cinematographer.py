"""Writes the prompt of a shot by rules: the embedded Cinematographer.

The first draft is short: the scene in its own words, what the operator asks of every scene, the
shot size, the lens and the light source. What more there is to say (`choosing` knows it) is said
when a review asks for it, so that no prompt is longer than somebody found it should be. A review
may come from anybody: its suggestions are searched for the terms of the trade, not for fixed
sentences.
"""

import re
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from engine.imaging.vocabulary.reading import read as painted
from engine.recipes.storyboard.film import Draft, Film, PlannedScene
from engine.recipes.storyboard.rules.branding import holds
from engine.recipes.storyboard.rules.choosing import CAMERA, LONGEST_SCENE, Phrases, choose
from engine.recipes.storyboard.rules.shotwords import read_shot
from engine.recipes.storyboard.rules.terms import Phrase, table, words_of
from engine.text.terminal import clean

FIRST = ("size", "lens", "source", "time", "movement", "markers", "use")
"""The elements of a first draft; the brand's own colours are among them."""

REST = (
    "temperature", "direction", "angle", "aperture", "composition", "setting", "quality", "colour",
    "material", "finish",
)  # fmt: skip
"""The other elements, in the order in which they are added if a review names none."""

UNASKED = 2
"""Elements that are added after a review that names none."""

MAX_SUGGESTIONS = 20
"""Suggestions of a review that are read."""

MAX_WORDS = 12
"""Words of a phrase that are looked for to be taken out."""

ASKS: dict[str, tuple[str, ...]] = {
    "markers": ("same from scene to scene", "consistency", "consistent", "markers", "continuity"),
    "use": ("brand elements", "wants to be seen", "brand cues"),
    "colour": ("colours of the brand", "brand colours", "brand colors", "colours", "colors"),
    "praise": ("praise", "buzzwords", "buzzword", "empty words", "adjectives"),
    "avoid": ("brand avoids", "avoids", "must not be seen"),
    "rewrite": ("contradict", "contradicts", "contradiction", "contradictory", "conflict",
                "conflicts", "repetition", "filler", "words of the scene",
                "addressed to a reviewer"),
}  # fmt: skip
"""Requests of a suggestion beyond the vocabulary's families, with their words."""


class ShotDraft(BaseModel):
    """A prompt, and why it is as it is: a `Shot` without its author."""

    prompt: str
    negative_prompt: str
    reason: str


def shoot(
    film: Film, scene: PlannedScene, number: int, total: int, drafts: Sequence[Draft] = ()
) -> ShotDraft:
    """Write a shot's prompt.

    Args:
        film: What all scenes have in common.
        scene: The scene.
        number: Which it is, from 1.
        total: How many there are.
        drafts: What was written so far with the reviews, oldest first; the best one is mended.
    """
    phrases = choose(film, scene, number, total)
    if drafts:
        prompt, reason = _mended(film, scene, phrases, drafts)
    else:
        first = _only(phrases, [*FIRST, *(["colour"] if film.brand.colours else [])])
        prompt = compose(scene, first)
        reason = f"A first draft for scene {number} of {total}: {_listed(first)}."
    return ShotDraft(prompt=prompt, negative_prompt=negative(film, scene), reason=reason)


def compose(scene: PlannedScene, phrases: Phrases) -> str:
    """The scene in its own words, then a sentence for each department that has something to say."""
    subject = clean(scene.prompt, LONGEST_SCENE) or "The scene"
    return ". ".join([subject.rstrip(" .,;"), *_sentences(phrases)]) + "."


def negative(film: Film, scene: PlannedScene) -> str:
    """Return the brand's exclusions, less the words for what the film shows.

    Of "plastic cups" only "plastic" stays where the scene shows a cup, or a coffee, which the
    procedural painter paints as one: a negative prompt is read word by word by most models, and
    would take the cup away with the plastic.
    """
    shown = " . ".join((scene.prompt, film.brief, *film.consistency, *film.brand.use))
    wanted = {_stem(word) for word in words_of(scene.prompt)}
    subjects = set(painted(shown).names("subject"))
    out: list[str] = []
    for one in film.brand.avoid:
        words = clean(one, 200).split()
        kept = [
            word
            for word in words
            if _stem("".join(words_of(word))) not in wanted
            and subjects.isdisjoint(painted(word).names("subject"))
        ]
        out.append(" ".join(kept))
    return ", ".join(dict.fromkeys(one for one in out if one))


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word


def _sentences(phrases: Phrases) -> list[str]:
    def joined(*names: str, by: str = ", ") -> str:
        return by.join(phrases[name] for name in names if name in phrases)

    out = [
        joined(*CAMERA),
        joined("setting", "time"),
        _lit(phrases),
        joined("composition"),
        f"The same throughout: {phrases['markers']}" if "markers" in phrases else "",
        f"With {phrases['use']}" if "use" in phrases else "",
        f"Palette: {phrases['colour']}" if "colour" in phrases else "",
        joined("material"),
        joined("finish"),
    ]
    return [sentence[:1].upper() + sentence[1:] for sentence in out if sentence]


def _lit(phrases: Phrases) -> str:
    """The light as one sentence, such as "Lit by hard sunlight as key light from camera-left"."""
    what = " ".join(phrases[name] for name in ("quality", "source") if name in phrases)
    where = phrases.get("direction", "")
    if "source" not in phrases:
        light = f"{what} key light {where}".strip() if what or where else ""
    else:
        light = f"Lit by {what} as key light {where}" if where else f"Lit by {what}"
    white = phrases.get("temperature", "")
    if white and not light:
        light = "key light"
    return f"{light}, {white}" if white else light


def _mended(
    film: Film, scene: PlannedScene, phrases: Phrases, drafts: Sequence[Draft]
) -> tuple[str, str]:
    """The best draft with what its review asks for, and why."""
    at = max(range(len(drafts)), key=lambda n: (drafts[n].review.overall, n))
    best = drafts[at]
    suggestions = best.review.suggestions[:MAX_SUGGESTIONS]
    asked = asked_for(suggestions or [best.review.critique])
    failed = {name for later in drafts[at + 1 :] for name in _stated(later.prompt, phrases)}
    have = _stated(best.prompt, phrases)
    add = [name for name in asked if name in phrases and name not in have | failed]
    if not add and not any(name in asked for name in _DONE):
        left = [name for name in (*REST, *FIRST) if name in phrases and name not in have | failed]
        add, asked = left[:UNASKED], []
    is_composed = compose(scene, _only(phrases, have)) == best.prompt
    if is_composed or "rewrite" in asked:
        prompt = compose(
            scene, _only(phrases, {*have, *add, *FIRST} if not is_composed else {*have, *add})
        )
    else:
        prompt = ". ".join([best.prompt.rstrip(" ."), *_sentences(_only(phrases, add))]) + "."
    prompt = _cleared(prompt, film, asked)
    draft = f"draft {at + 1} of {len(drafts)}, the best so far ({best.review.overall:g})"
    if prompt == best.prompt:
        return prompt, f"Kept {draft} as it is: there is nothing left that the rules could add."
    changes = [f"adds {_listed(_only(phrases, add))}"] if add else []
    changes += [done for name, done in _DONE.items() if name in asked]
    why = "as its review asks" if asked else "for its review asks for nothing by name"
    return prompt, f"From {draft}: {'; '.join(changes) or 'tidied'}, {why}."


_DONE = {
    "praise": "leaves out empty praise",
    "avoid": "leaves out what the brand avoids",
    "rewrite": "begins again from the scene's own words",
}


def _only(phrases: Phrases, names: Iterable[str]) -> Phrases:
    wanted = set(names)
    return {name: phrase for name, phrase in phrases.items() if name in wanted}


def _stated(prompt: str, phrases: Phrases) -> set[str]:
    """Elements whose phrase occurs in a prompt, with any words around it."""
    reading = read_shot(prompt)
    return {
        name
        for name, phrase in phrases.items()
        if all(holds(reading, part) for part in _parts(name, phrase))
    }


def _parts(name: str, phrase: str) -> list[str]:
    return re.split("[;,]| and ", phrase) if name in ("markers", "use", "colour") else [phrase]


def asked_for(suggestions: Iterable[str]) -> list[str]:
    """The elements that suggestions speak of, in their order."""
    known = [(words_of(text), name) for name, texts in ASKS.items() for text in texts]
    known += [
        (words_of(text), name) for name, row in table()["family"].items() for text in row["asks"]
    ]
    known.sort(key=lambda one: -len(one[0]))
    out: dict[str, None] = {}
    for suggestion in suggestions:
        words = list(words_of(clean(suggestion, 2000)))
        for phrase, name in known:
            if _removed(words, phrase):
                out[name] = None
    return list(out)


def _removed(words: list[str], phrase: Phrase) -> bool:
    """Remove a phrase from a list of words, so that no shorter one is found within it."""
    length = len(phrase)
    for at in range(len(words) - length + 1):
        if tuple(words[at : at + length]) == phrase:
            words[at : at + length] = ["|"]
            return True
    return False


def _cleared(prompt: str, film: Film, asked: Iterable[str]) -> str:
    """The prompt without what a review wants to be taken out."""
    reading = read_shot(prompt)
    unwanted = list(reading.noise) if "praise" in asked else []
    if "avoid" in asked:
        unwanted += [one for one in film.brand.avoid if holds(reading, one)]
    for phrase in dict.fromkeys(unwanted):
        # Of a phrase as long as a text nothing would be left; that is not what a brand avoids.
        words = r"[\W_]*".join(re.escape(word) for word in words_of(phrase)[:MAX_WORDS])
        prompt = re.sub(rf"\b{words}\b", "", prompt, flags=re.IGNORECASE)
    if not unwanted:
        return prompt
    # Spaces first: of a long run of them the second pattern would try each anew.
    prompt = re.sub(r" ?([,;.])(?: ?[,;])*", r"\1", re.sub(r"\s+", " ", prompt)).strip(" ,;")
    return prompt or "The scene."


def _listed(phrases: Phrases) -> str:
    titles = table()["family"]
    names = {"markers": "what stays the same", "use": "what the brand wants to be seen"}
    suggestions = [
        f"{names.get(name) or titles[name]['title']} ({phrase})"
        if name in titles and name not in names
        else names[name]
        for name, phrase in phrases.items()
    ]
    return ", ".join(suggestions) or "nothing but the scene itself"
