"""Keys as they are printed on a keyboard."""

from collections.abc import Mapping

from tui.actions.action import Action

_NAMES = {
    "exclamation_mark": "!",
    "slash": "/", "space": "space", "escape": "esc", "enter": "enter", "question_mark": "?",
    "colon": ":", "asterisk": "*", "plus": "+", "minus": "-", "underscore": "_",
    "equals_sign": "=", "greater_than_sign": ">", "less_than_sign": "<", "left": "←",
    "right": "→", "up": "↑", "down": "↓", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_parenthesis": "(", "right_parenthesis": ")",
    "left_curly_bracket": "{", "right_curly_bracket": "}",
    "dollar_sign": "$", "number_sign": "#", "vertical_line": "|",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return a key as printed on a keyboard."""
    return "+".join(_NAMES.get(part, part) for part in key.split("+"))


def keys_of(action: Action, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of an action, the operator's own if there are any."""
    own = keymap.get(action.id)
    return tuple(key.strip() for key in own.split(",")) if own else action.keys
