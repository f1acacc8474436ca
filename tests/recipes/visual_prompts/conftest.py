"""Choice of the tests that run: those of whole batches need the extra `audio`."""

from importlib.util import find_spec

_NEEDED = ("av", "matplotlib", "mido", "sklearn", "scipy", "soundfile", "verovio")
_OF_SOUND = ("batch", "commands", "contract", "images", "kills", "steps")

collect_ignore = (
    []
    if all(find_spec(name) is not None for name in _NEEDED)
    else [f"test_{name}.py" for name in _OF_SOUND]
)
