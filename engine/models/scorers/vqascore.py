"""VQAScore: the probability that a model with vision answers that the image shows the text.

    exp(-mean over the answer's tokens of the cross-entropy of each) for the answer "Yes"

Z. Lin et al., "Evaluating Text-to-Visual Generation with Image-to-Text Generation", ECCV 2024, and
their code: the geometric mean of the probabilities of the answer's tokens, each given those before
it. The answer of a model that encodes and then decodes (FlanT5) ends with its end token, which
counts too, because the tokenizer writes it; that of a model that only decodes is the word alone.
Numbers of different models are never to be mixed: on the same images their means differ by 0.2.
"""

from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.models.scorers.device_modules import DeviceModule, Precision, dtype_of
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.pretrained import pretrained
from engine.models.scorers.scorer import Reads
from engine.models.scorers.vqa_prompts import (
    ANSWER,
    QUESTION,
    YES_OR_NO,
    Template,
    asked,
    opposite,
    settled_template,
    shown,
)

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor


class VqaScore:
    """VQAScore on any model of transformers that reads images and texts.

    Args:
        model: The model with its weights.
        processor: Its processor.
        template: Prompt template.
        answer: The answer whose likelihood is the score.
        identity: Identity of its weights.
        precision: A resolved precision.
        device: Device for torch.
        batch: Number of images to process at once.
    """

    metric = "vqascore"
    reads: Reads = "prompt"

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        template: Template,
        answer: str = ANSWER,
        identity: str,
        precision: Precision,
        device: str,
        batch: int,
    ) -> None:
        self.model = model
        self.processor = processor
        self.template = settled_template(template, processor)
        self.answer = answer
        self.identity = f"{identity}, asked as {self.template} for {answer!r}"
        self.device_module = DeviceModule(model, device, batch)
        self._dtype = dtype_of(precision)
        self._decodes_only = not _encodes(model.config)
        self._most = _max_tokens(model.config)

    def device_modules(self) -> Sequence[DeviceModule]:
        """The model."""
        return (self.device_module,)

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return the likelihood of the answer for each image and its text, 0 to 1."""
        decoded = [shown(image, self.template) for image in images.images]
        prompts = {text: self._asked(text, QUESTION) for text in dict.fromkeys(texts)}
        with self.device_module.at_work():
            return self._in_batches(decoded, [prompts[text] for text in texts], self.answer)

    def yes(self, images: ImageBatch, questions: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return how likely each question about an image is answered with yes, 0 to 1.

        The likelihood of the answer that means yes, as a share of it and that of the one that
        means no; of the former alone for an answer that is not a yes.

        Args:
            images: The images of a batch.
            questions: For each readable image its questions.
        """
        decoded = [shown(image, self.template) for image in images.images]
        pairs = [
            (image, self._asked(question, YES_OR_NO))
            for image, wanted in zip(decoded, questions, strict=True)
            for question in wanted
        ]
        shown_images, prompts = [image for image, _ in pairs], [prompt for _, prompt in pairs]
        no = opposite(self.answer)
        with self.device_module.at_work():
            likely = self._in_batches(shown_images, prompts, self.answer)
            if no:
                unlikely = self._in_batches(shown_images, prompts, no)
                likely = [a / (a + b) for a, b in zip(likely, unlikely, strict=True)]
        left = iter(likely)
        return [[next(left) for _ in wanted] for wanted in questions]

    def _in_batches(
        self, images: "Sequence[Image.Image]", prompts: Sequence[str], answer: str
    ) -> list[float]:
        step = self.device_module.batch
        likelihoods: list[float] = []
        for start in range(0, len(images), step):
            end = start + step
            likelihoods += self._likelihoods(images[start:end], prompts[start:end], answer)
        return likelihoods

    def cuts(self, text: str) -> bool:
        """Return whether a text is longer than half of the model's context."""
        return self._tokens(text) > self._most

    def _likelihoods(
        self, images: "Sequence[Image.Image]", questions: Sequence[str], word: str
    ) -> list[float]:
        inputs = self.processor(
            images=list(images), text=list(questions), padding=True, return_tensors="pt"
        )
        if len(images) > 1 and not bool(inputs["attention_mask"].all()):
            # Padding would shift positions in some models; alone, each gives what it would give.
            pairs = zip(images, questions, strict=True)
            return [self._likelihoods([image], [question], word)[0] for image, question in pairs]
        placed = {name: self._placed(value) for name, value in inputs.items()}
        answer = self._answer(word, len(images))
        logits = (
            self._of_decoder(placed, answer)
            if self._decodes_only
            else self._of_both(placed, answer)
        )
        return _geometric_means(logits, answer)

    def _of_both(self, inputs: "dict[str, Tensor]", answer: "Tensor") -> "Tensor":
        """Return logits of an encoder-decoder's answer, shape (n, tokens, vocabulary)."""
        return self.model(**inputs, labels=answer).logits  # type: ignore[no-any-return]

    def _of_decoder(self, inputs: "dict[str, Any]", answer: "Tensor") -> "Tensor":
        """Return logits at the positions before the answer's tokens, appended to the question."""
        import torch

        length = inputs["input_ids"].shape
        for name, value in inputs.items():
            if value.shape == length:  # per token: ids, mask, types
                more = answer if name == "input_ids" else torch.zeros_like(answer)
                more = torch.ones_like(answer) if name == "attention_mask" else more
                inputs[name] = torch.cat([value, more.to(value.dtype)], dim=1)
        kept = answer.shape[1] + 1
        if "logits_to_keep" in signature(self.model.forward).parameters:
            inputs["logits_to_keep"] = kept  # else a large vocabulary takes gigabytes for nothing
        return self.model(**inputs).logits[:, -kept:-1]  # type: ignore[no-any-return]

    def _answer(self, word: str, count: int) -> "Tensor":
        import torch

        tokenizer = self.processor.tokenizer
        ids = tokenizer(word, add_special_tokens=not self._decodes_only)["input_ids"]
        return torch.tensor([ids] * count, device=self.device_module.device)

    def _placed(self, value: "Tensor") -> "Tensor":
        dtype = self._dtype if value.is_floating_point() else None
        return value.to(self.device_module.device, dtype)

    def _asked(self, text: str, question: str) -> str:
        return asked(self._fitted(text), self.template, self.processor, question)

    def _tokens(self, text: str) -> int:
        return len(self.processor.tokenizer(text, verbose=False)["input_ids"])

    def _fitted(self, text: str) -> str:
        """Return a text, without its last words if it is longer than the model reads."""
        if not self.cuts(text):
            return text
        words = text.split()
        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            fits = not self.cuts(" ".join(words[:middle]))
            low, high = (middle, high) if fits else (low, middle - 1)
        return " ".join(words[:low])


def load_vqascore(
    folder: Path,
    *,
    template: Template,
    answer: str,
    precision: Precision,
    identity: str,
    device: str,
    batch: int,
) -> VqaScore:
    """Load a model from a folder."""
    model = pretrained("AutoModelForImageTextToText", folder, dtype=dtype_of(precision))
    processor = pretrained("AutoProcessor", folder)
    if getattr(processor, "num_query_tokens", 0) is None:  # a BLIP-2 saved by older versions
        processor.num_query_tokens = model.config.num_query_tokens
    return VqaScore(
        model,
        processor,
        template=template,
        answer=answer,
        identity=identity,
        precision=precision,
        device=device,
        batch=batch,
    )


def _geometric_means(logits: "Tensor", answer: "Tensor") -> list[float]:
    import torch

    of_tokens = torch.nn.functional.cross_entropy(
        logits.float().transpose(1, 2), answer, reduction="none"
    )
    return [float(mean) for mean in torch.exp(-of_tokens.mean(dim=1)).cpu()]


def _encodes(config: Any) -> bool:
    """Return whether the language model is an encoder-decoder."""
    return bool(config.is_encoder_decoder or config.get_text_config().is_encoder_decoder)


def _max_tokens(config: Any) -> int:
    """Return how many tokens of a text fit: half of the context; the rest is for the image."""
    parts = (config.get_text_config(), getattr(config, "qformer_config", None))
    limits = [getattr(part, "max_position_embeddings", None) for part in parts]
    return min((limit for limit in limits if isinstance(limit, int)), default=4096) // 2
