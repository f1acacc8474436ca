"""Tiny models with random weights, saved to disk in the layout of the real ones.

They are of the real classes, so the code that loads and runs real models loads and runs them, in
fractions of a second on a processor. Each builder takes where to save to, and a size where a
measurement needs a larger one.
"""

from tests.support import media_shim


def prepare() -> None:
    """Quiet the libraries and use one thread; called first by every process with these models."""
    media_shim.install()
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
