"""The base of every recipe's input model."""

from engine.contract.backend import FrozenModel


class RecipeInput(FrozenModel):
    """One entry of an input file: immutable plain data that refuses unknown fields.

    Entries have an `id`, in the model or beside it. A field named `seed` is the job's seed.
    """

    def starting_prompt(self) -> tuple[str, str]:
        """Return the prompt and the negative prompt that a job starts from.

        They are kept as the operator's version, and a step that is refused for good is tried again
        with them. Both are empty if the input has none.
        """
        return "", ""
