"""CLAP: how well a sound fits its prompt, the cosine of their embeddings.

Y. Wu et al., "Large-scale Contrastive Language-Audio Pretraining with Feature Fusion and
Keyword-to-Caption Augmentation", ICASSP 2023. It tells whether the words are heard, not whether the
sound is good. Longer sounds are heard in windows of ten seconds, and the windows count by their
lengths: the model's own cut of long sounds is random.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.errors import Blocked
from engine.models.scorers.device_modules import DeviceModule, Precision, dtype_of
from engine.models.scorers.pretrained import pretrained
from engine.models.scorers.scorer import Reads
from engine.models.scorers.sounds.batch import SoundBatch, windows
from engine.models.scorers.sounds.options import METRICS
from engine.models.scorers.transformers_tower import projected

if TYPE_CHECKING:
    from torch import Tensor


class Clap:
    """A CLAP model on a device.

    Args:
        model: The model with its weights.
        processor: Its feature extractor and tokenizer.
        precision: A resolved precision.
        identity: Identity of its weights.
        device: Device for torch.
        batch: Number of windows or texts to process at once.
    """

    metrics = METRICS["clap"]
    reads: Reads = "brief"

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        precision: Precision,
        identity: str,
        device: str,
        batch: int,
    ) -> None:
        self.identity = identity
        self.device_module = DeviceModule(model, device, batch)
        self._model, self._tokenizer = model, processor.tokenizer
        self._features = processor.feature_extractor
        self._dtype = dtype_of(precision)
        self._max_tokens = int(model.config.text_config.max_position_embeddings) - 2

    def raws(self, sounds: SoundBatch, texts: Sequence[str]) -> list[list[float]]:
        """Return the cosine of each readable sound with its text, as the only column."""
        alike = self.of_sounds(sounds) * self.of_texts(texts)
        return [[float(cosine) for cosine in alike.sum(dim=-1)]]

    def cuts(self, text: str) -> bool:
        """Return whether a text is longer than the model reads."""
        return len(self._tokenizer(text, verbose=False)["input_ids"]) > self._max_tokens

    def of_sounds(self, sounds: SoundBatch) -> "Tensor":
        """Return unit vectors of the readable sounds, shape (n, d), float32 on the processor."""
        return sounds.embeddings(f"clap {self.identity}", lambda: self._embedded(sounds))

    def of_texts(self, texts: Sequence[str]) -> "Tensor":
        """Return unit vectors of texts, shape (n, d), float32 on the processor; equal ones once."""
        import torch

        different = list(dict.fromkeys(texts))
        tokens = self._tokenizer(
            different,
            padding=True,
            truncation=True,
            max_length=self._max_tokens,
            return_tensors="pt",
        )
        with self.device_module.at_work():
            there = {name: value.to(self.device_module.device) for name, value in tokens.items()}
            vectors = projected(self._model.get_text_features(**there)).float().cpu()
        return torch.nn.functional.normalize(vectors, dim=-1)[
            [different.index(text) for text in texts]
        ]

    def _embedded(self, sounds: SoundBatch) -> "Tensor":
        import torch

        rate, longest = int(self._features.sampling_rate), int(self._features.nb_max_samples)
        vectors = []
        with self.device_module.at_work():
            for samples in sounds.at(rate):
                parts = list(windows(samples, longest))
                lengths = torch.tensor([len(part) for part in parts], dtype=torch.float32)
                vectors.append((self._of_windows(parts, rate) * lengths[:, None]).sum(dim=0))
        return torch.nn.functional.normalize(torch.stack(vectors), dim=-1)

    def _of_windows(self, parts: Sequence[Any], rate: int) -> "Tensor":
        """Return unit vectors of windows; each is prepared alone, so that nothing is random."""
        import torch

        prepared = [self._features(part, sampling_rate=rate, return_tensors="pt") for part in parts]
        step, vectors = self.device_module.batch, []
        for start in range(0, len(prepared), step):
            some = prepared[start : start + step]
            there = {
                name: torch.cat([one[name] for one in some]).to(self.device_module.device)
                for name in ("input_features", "is_longer")
            }
            there["input_features"] = there["input_features"].to(self._dtype)
            vectors.append(projected(self._model.get_audio_features(**there)).float().cpu())
        return torch.nn.functional.normalize(torch.cat(vectors), dim=-1)


def load_clap(
    folder: Path, *, precision: Precision, identity: str, device: str, batch: int
) -> Clap:
    """Load a CLAP model from a folder.

    Raises:
        Blocked: It is incomplete, or another model.
    """
    model = pretrained("AutoModel", folder, dtype=dtype_of(precision))
    if not hasattr(model, "get_audio_features"):
        raise Blocked(
            f"The model in {folder.name} is no CLAP model: it hears no sounds.",
            reason="weights",
            remedy="Set backends.local-sounds.clap to one, such as laion/clap-htsat-unfused.",
        )
    processor = pretrained("AutoProcessor", folder)
    return Clap(
        model, processor, precision=precision, identity=identity, device=device, batch=batch
    )
