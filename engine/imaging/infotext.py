r"""Generation parameters as text, in the form that the ecosystem's readers parse.

The form is that of AUTOMATIC1111's stable-diffusion-webui (`modules/infotext_utils.py`):

    a red lamp in a darkroom
    Negative prompt: text, watermark
    Steps: 1, Sampler: builtin, Seed: 7, Size: 768x512, Model: painter, Version: 1

The prompt may have many lines. The form has no escape for a prompt that itself says
`Negative prompt:`, and some readers fail on a second one. So a backslash is put before that colon
(`Negative prompt\:`), which `parse` removes again and other readers show unchanged. A line of a
prompt that looks like parameters needs nothing: only the last line of the whole text counts.
Readers other than this one also drop spaces at the ends of a prompt's lines.
"""

import json
import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_PARAMETER_LINE = 65_536
"""A last line of more characters than this is parsed as part of the prompt."""

MIN_PARAMETERS = 3
"""Minimum number of parameters in a line of parameters; fewer are part of the prompt."""

_NEGATIVE = "Negative prompt:"
# Bounded keys and an atomic group: no text makes the search take quadratic time.
_PARAMETER = re.compile(r'(\w[\w \-/]{1,80}):\s*((?>"(?:\\.|[^\\"])+")(?=,|$)|[^,]*)(?:,|$)')
_KEY = re.compile(r"\w(?:[\w \-/]{0,79}[\w\-/])")


class Infotext(BaseModel):
    """A prompt with the parameters it was generated with.

    Attributes:
        prompt: What to show; any text.
        negative_prompt: What to keep out; any text.
        parameters: Values by name, in order. A name is 2 to 81 letters, digits, spaces, hyphens
            or slashes. Names that the ecosystem knows: `Steps`, `Sampler`, `CFG scale`, `Seed`,
            `Size` (`WIDTHxHEIGHT`), `Model hash`, `Model`, `Version`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = ""
    negative_prompt: str = ""
    parameters: dict[str, str] = Field(default_factory=dict)

    @field_validator("parameters")
    @classmethod
    def _names_are_plain(cls, parameters: dict[str, str]) -> dict[str, str]:
        for name in parameters:
            if not _KEY.fullmatch(name):
                raise ValueError(f"not a name of a parameter: {name!r}")
        return parameters


def format_infotext(info: Infotext) -> str:
    """Return the text; `parse_infotext` returns an equal object for it.

    Raises:
        ValueError: There are fewer than three parameters, which no reader would recognise.
    """
    if len(info.parameters) < MIN_PARAMETERS:
        raise ValueError(f"at least {MIN_PARAMETERS} parameters are needed")
    lines = [_escape(info.prompt)]
    if info.negative_prompt:
        lines.append(f"{_NEGATIVE} {_escape(info.negative_prompt)}")
    lines.append(", ".join(f"{name}: {_quote(value)}" for name, value in info.parameters.items()))
    return "\n".join(lines)


def parse_infotext(text: str) -> Infotext:
    """Parse such a text, ours or another program's; anything else becomes the prompt."""
    head, _, last = text.rpartition("\n")
    matches = _PARAMETER.findall(last) if len(last) <= MAX_PARAMETER_LINE else []
    parameters = {name.strip(): _unquote(value) for name, value in matches}
    if len(parameters) < MIN_PARAMETERS:
        head, parameters = text, {}
    prompt, negative = _split_negative(head)
    return Infotext(
        prompt=_unescape(prompt), negative_prompt=_unescape(negative), parameters=parameters
    )


def _split_negative(head: str) -> tuple[str, str]:
    if head.startswith(_NEGATIVE):
        return "", head.removeprefix(_NEGATIVE).removeprefix(" ")
    prompt, _, negative = head.partition("\n" + _NEGATIVE)
    return prompt, negative.removeprefix(" ")


def _escape(text: str) -> str:
    return re.sub(r"Negative prompt(\\*):", r"Negative prompt\1\\:", text)


def _unescape(text: str) -> str:
    return re.sub(r"Negative prompt(\\*)\\:", r"Negative prompt\1:", text)


def _quote(value: str) -> str:
    plain = value and value == value.strip() and not re.search(r'[,:\n\r]|^"', value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _unquote(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value
