"""Lines of options, as AUTOMATIC1111's script "Prompts from file or textbox" reads them.

`--prompt "a castle" --negative_prompt "trees" --seed 350` is one entry. The names are those of the
script: https://github.com/AUTOMATIC1111/stable-diffusion-webui, scripts/prompts_from_file.py.
"""

import re
import shlex
from collections.abc import Iterator

from engine.text.strict.values import UnreadableInput
from engine.text.terminal import quoted

_READ = ("prompt", "negative_prompt", "seed", "width", "height")
_NOT_READ = (
    *("sd_model", "outpath_samples", "outpath_grids", "prompt_for_display", "styles", "steps"),
    *("subseed_strength", "subseed", "seed_resize_from_h", "seed_resize_from_w", "sampler_index"),
    *("sampler_name", "batch_size", "n_iter", "cfg_scale", "restore_faces", "tiling"),
    *("do_not_save_samples", "do_not_save_grid"),
)
_INFOTEXT = re.compile(r"Negative prompt:|Steps: \d+,")
_LINE = re.compile(rf"--({'|'.join((*_READ, *_NOT_READ))})(\s|$)")


def is_options(line: str) -> bool:
    """Return whether a line starts with an option of the script."""
    return _LINE.match(line) is not None


def refuse_infotext(line: str) -> None:
    """Refuse a line of the text that AUTOMATIC1111 writes about an image.

    Raises:
        UnreadableInput: It is the negative prompt or the parameters of the line above.
    """
    if _INFOTEXT.match(line):
        raise UnreadableInput(
            "is part of AUTOMATIC1111's text about an image, not a prompt; write one line of "
            "--prompt, --negative_prompt and --seed instead"
        )


def read_options(line: str) -> dict[str, str]:
    """Return the fields that a line of options gives.

    Raises:
        UnreadableInput: An option is not known, has no effect here, or has no value.
    """
    fields: dict[str, str] = {}
    for name, words in _options(line):
        if name in _NOT_READ:
            raise UnreadableInput(
                f"has the option --{name}, which has no effect here; take it out and set it for "
                "the batch, with --set"
            )
        if name not in _READ:
            raise UnreadableInput(f"has the unknown option {quoted('--' + name)}")
        if not words:
            raise UnreadableInput(f"has the option --{name} without a value")
        if name in fields:
            raise UnreadableInput(f"has the option --{name} twice")
        fields[name] = " ".join(words)
    return fields


def _options(line: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each option with the words up to the next one."""
    try:
        words = shlex.split(line)
    except ValueError:
        raise UnreadableInput("has an unmatched quotation mark") from None
    name = words[0].removeprefix("--")
    values: list[str] = []
    for word in words[1:]:
        if word.startswith("--"):
            yield name, values
            name, values = word.removeprefix("--"), []
        else:
            values.append(word)
    yield name, values
