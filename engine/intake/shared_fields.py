"""Fields of a file that are for all of its entries: `model`, `styles`, and those of storyboards."""

from collections.abc import Mapping
from typing import Any

from engine.intake.sentences import nearest
from engine.text.strict.values import RefusedValue
from engine.text.terminal import quoted

MODEL = "model"
"""Name of a model, in a file or an entry; a setting of the backend that makes the medium."""
STYLES = "styles"
"""Styles: in a file their definitions or those of all entries, in an entry its own."""
OF_STORYBOARDS = (
    "advanced_image_max_enhancement_iterations",
    "advanced_image_num_variations",
    "advanced_image_quality_threshold",
    "brand_name",
    "target_duration",
    "use_advanced_image_generation",
)
"""Fields of the guide's requests; a recipe that has none of them refuses them in its entries."""
SHARED = (MODEL, STYLES, *OF_STORYBOARDS)
"""Fields that a file may have beside its list of entries."""

_PROMPT, _NEGATIVE, _OTHERS = "prompt", "negative_prompt", ("mood", "scene", "title")
_PLACE = "{prompt}"


def with_shared(shared: Mapping[str, Any], entries: list[Any]) -> list[Any]:
    """Return the entries of a file, with what it says of all of them.

    Args:
        shared: The `SHARED` fields of the file, those that it has.
        entries: The entries as they were parsed.
    """
    if not shared:
        return entries
    return [_one(shared, entry) for entry in entries]


def _one(shared: Mapping[str, Any], entry: Any) -> Any:
    if isinstance(entry, str):
        entry = {_PROMPT: entry}
    if not isinstance(entry, dict):
        return entry
    entry = dict(entry)
    for name in (MODEL, *OF_STORYBOARDS):
        if name in shared:
            entry.setdefault(name, shared[name])
    styles = shared.get(STYLES)
    if isinstance(styles, dict):
        names = entry.get(STYLES)
        if names is not None:
            entry[STYLES] = _defined(styles, names)
    elif styles is not None:
        entry.setdefault(STYLES, styles)
    return entry


def _defined(definitions: Mapping[str, Any], names: Any) -> Any:
    """Return the definitions of an entry's styles."""
    listed = style_list(names)
    if isinstance(listed, RefusedValue):
        return listed
    unknown = [name for name in listed if not isinstance(name, str) or name not in definitions]
    if unknown:
        name = str(unknown[0])
        return RefusedValue(
            f"names {quoted(name, 80)}, which is no style of this file; "
            f"{nearest(name, list(definitions))}"
        )
    return [definitions[name] for name in listed]


def style_list(value: Any) -> list[Any] | RefusedValue:
    """Return styles as a list; a text has commas between them."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else RefusedValue("must be a list of texts")


def apply_styles(data: dict[str, Any], value: Any) -> str:
    """Put styles into an entry's prompt; return what is wrong with them, or nothing.

    A style is a text, or an object with `prompt` and `negative_prompt`. Its text replaces the
    prompt if it has `{prompt}` in it, which stands for the prompt, and else follows it. In an entry
    without a prompt it follows the mood, the scene or the title.
    """
    styles = style_list(value)
    if isinstance(styles, RefusedValue):
        return styles.reason
    for style in styles:
        parts = {_PROMPT: style} if isinstance(style, str) else style
        if not isinstance(parts, dict) or not _is_style(parts):
            return "must hold texts, or objects with `prompt` and `negative_prompt`"
        _add(data, str(parts.get(_PROMPT) or ""))
        if negative := parts.get(_NEGATIVE):
            data[_NEGATIVE] = _joined(data.get(_NEGATIVE), negative)
    return ""


def _is_style(parts: Mapping[str, Any]) -> bool:
    texts = all(value is None or isinstance(value, str) for value in parts.values())
    return texts and not parts.keys() - {"name", _PROMPT, _NEGATIVE}


def _add(data: dict[str, Any], style: str) -> None:
    if not style:
        return
    field = _PROMPT
    if not data.get(_PROMPT):
        field = next((name for name in _OTHERS if data.get(name)), _PROMPT)
    text = data.get(field)
    if _PLACE in style:
        data[field] = style.replace(_PLACE, text if isinstance(text, str) else "")
    else:
        data[field] = _joined(text, style)


def _joined(text: Any, more: str) -> str:
    return f"{text}, {more}" if isinstance(text, str) and text.strip() else more
