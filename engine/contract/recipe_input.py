"""The base of every recipe's input model."""

from collections.abc import Mapping
from typing import Any

from engine.contract.backend import FrozenModel
from engine.contract.prompt_export import entry_of_export, is_of_export


class RecipeInput(FrozenModel):
    """One entry of an input file: immutable plain data that refuses unknown fields.

    Entries have an `id`, in the model or beside it. A field named `seed` is the job's seed.
    """

    @classmethod
    def adopted(cls, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an entry with the names of this model's fields.

        A prompt of an export (`prompts_for_image_generation.json`) is an entry with a `prompt`.
        """
        is_other = "prompt" in cls.model_fields and "visual_prompt" not in cls.model_fields
        return entry_of_export(entry) if is_other and is_of_export(entry) else entry

    def starting_prompt(self) -> tuple[str, str]:
        """Return the prompt and the negative prompt that a job starts from.

        They are kept as the operator's version, and a step that is refused for good is tried again
        with them. Both are empty if the input has none.
        """
        return "", ""
