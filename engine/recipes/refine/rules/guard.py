"""Finds what a brief names and a prompt does not, by the vocabulary of the embedded family."""

from engine.imaging.vocabulary.reading import read


def lost(brief: str, prompt: str, negative_prompt: str = "") -> list[str]:
    """Return the names of what the brief asks for and the prompt lacks or excludes.

    Args:
        brief: What the operator asked for.
        prompt: The prompt.
        negative_prompt: What to avoid.
    """
    if brief.strip() and brief.strip() in prompt and not negative_prompt.strip():
        return []
    wanted, written = read(brief), read(prompt, negative_prompt)
    names = {(one.family, one.name) for one in written.mentions} - written.removed
    asked = [one for one in wanted.mentions if (one.family, one.name) not in wanted.removed]
    missing = [one for one in asked if (one.family, one.name) not in names]
    return list(dict.fromkeys(one.name.replace("-", " ") for one in missing))
