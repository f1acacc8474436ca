"""Sentence embeddings: a text encoder of transformers, and the mean of its tokens.

Layout of the files: https://sbert.net/docs/package_reference/sentence_transformer/models.html
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.models.scorers.device_modules import DeviceModule, Precision, dtype_of
from engine.models.scorers.pretrained import pretrained

if TYPE_CHECKING:
    from torch import Tensor

MAX_TOKENS = 512
"""Tokens of a text that are read, unless the model states fewer."""


class SentenceEncoder:
    """A text encoder on a device.

    Args:
        model: The model with its weights.
        tokenizer: Its tokenizer.
        max_tokens: Tokens of a text that it reads; the rest is cut.
        is_first: True if the vector of a text is that of its first token, else their mean.
        device: Device for torch.
        batch: Number of texts to process at once.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        max_tokens: int,
        is_first: bool,
        device: str,
        batch: int,
    ) -> None:
        self.device_module = DeviceModule(model, device, batch)
        self.max_tokens = max_tokens
        self._model, self._tokenizer, self._is_first = model, tokenizer, is_first

    def of_texts(self, texts: Sequence[str]) -> "Tensor":
        """Return unit vectors of texts, shape (n, d), float32 on the CPU."""
        import torch

        step = self.device_module.batch
        with self.device_module.at_work():
            parts = [
                self._encoded(list(texts[start : start + step]))
                for start in range(0, len(texts), step)
            ]
        return torch.nn.functional.normalize(torch.cat(parts), dim=-1)

    def _encoded(self, texts: list[str]) -> "Tensor":
        tokens = self._tokenizer(
            texts, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        ).to(self.device_module.device)
        states = self._model(**tokens).last_hidden_state.float()
        if self._is_first:
            first: Tensor = states[:, 0].cpu()
            return first
        mask = tokens["attention_mask"][..., None].float()
        mean: Tensor = ((states * mask).sum(1) / mask.sum(1).clamp(min=1)).cpu()
        return mean


def load_sentences(
    folder: Path, *, precision: Precision, device: str, batch: int
) -> SentenceEncoder:
    """Load an encoder from a folder in the layout of sentence-transformers, or a plain one.

    Raises:
        Blocked: The folder's content cannot be loaded without running its code.
    """
    tokenizer = pretrained("AutoTokenizer", folder)
    model = pretrained("AutoModel", folder, dtype=dtype_of(precision))
    pooling = _described(folder / "1_Pooling" / "config.json")
    stated = _described(folder / "sentence_bert_config.json").get("max_seq_length")
    limits = [MAX_TOKENS if not isinstance(stated, int) or stated < 1 else stated]
    limits.append(int(tokenizer.model_max_length))
    return SentenceEncoder(
        model,
        tokenizer,
        max_tokens=min(limits),
        is_first=pooling.get("pooling_mode_cls_token") is True,
        device=device,
        batch=batch,
    )


def _described(file: Path) -> dict[str, Any]:
    """Return a JSON file of a model; empty if there is none that can be read."""
    try:
        config = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}
