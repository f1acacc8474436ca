"""LoRAs of a loaded model: added to the outputs of its layers, and taken away without a trace.

The weights of the model are never changed, so that weight 0, and no LoRA, give exactly what the
model alone gives; a LoRA costs two thin products per layer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.contract import Permanent, StepError
from engine.models.sound.loraw import (
    LoraError,
    LoraLayer,
    names_in,
    read_layers,
    scales_of,
)
from engine.models.sound.model_config import LoraConfig
from engine.models.sound.options import SoundLora
from engine.models.weights import load_tensors

MAX_UNUSED = 8
"""Maximum number of unused LoRAs that stay loaded beside the active ones."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A LoRA's part for one module.

    Attributes:
        layer: Its weights.
        scale: Alpha by rank.
        norm: Of shape (out,), the norms of the rows of the updated weight, if it was decomposed.
    """

    layer: LoraLayer
    scale: float
    norm: Any = None

    def difference(self, module: Any, inputs: Any, output: Any) -> Any:
        """Return the output with this LoRA at weight 1, minus the module's own output.

        Args:
            module: A linear layer or a one-dimensional convolution.
            inputs: Its input.
            output: Its own output.
        """
        down, up = (part.to(inputs) for part in (self.layer.down, self.layer.up))
        update = _through(module, inputs, down, up) * self.scale
        if self.norm is None:
            return update
        gain = (self.layer.magnitude / self.norm).to(output)
        return gain * (output + update) - output


def _through(module: Any, inputs: Any, down: Any, up: Any) -> Any:
    from torch.nn import functional

    if down.ndim == 2:
        return functional.linear(functional.linear(inputs, down), up)
    narrow = functional.conv1d(inputs, down, None, module.stride, module.padding, module.dilation)
    return functional.conv1d(narrow, up)


class SoundLoras:
    """The LoRAs of one model, loaded on first use.

    Args:
        model: The model, a module of torch.
        config: Section `lora` of the configuration, for files that do not state alpha.
        find: Returns the file of a LoRA by its number, from 1.
    """

    def __init__(
        self, model: Any, config: LoraConfig | None, find: Callable[[int, SoundLora], Path]
    ) -> None:
        self._model = model
        self._config = config
        self._find = find
        self._loaded: dict[tuple[str, int, float | None], dict[Any, Branch]] = {}
        self._hooks: list[Any] = []
        self._active: tuple[tuple[Any, ...], ...] = ()

    def use(self, loras: Sequence[SoundLora]) -> None:
        """Activate exactly these. Without any, the model is exactly the unmodified one.

        Raises:
            StepError: One is missing, broken, or belongs to another model.
        """
        counted = [(number, lora) for number, lora in enumerate(loras, start=1) if lora.weight]
        wanted = [(self._key(number, lora), lora) for number, lora in counted]
        active = tuple((key, lora.weight) for key, lora in wanted)
        if active == self._active:
            return
        self.clear()
        by_module: dict[Any, list[tuple[Branch, float]]] = {}
        for key, lora in wanted:
            for module, branch in self._branches(key, lora).items():
                by_module.setdefault(module, []).append((branch, lora.weight))
        self._hooks = [
            module.register_forward_hook(_hook(branches)) for module, branches in by_module.items()
        ]
        self._active = active

    def clear(self) -> None:
        """Deactivate all of them."""
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._active = [], ()

    def _key(self, number: int, lora: SoundLora) -> tuple[str, int, float | None]:
        path = self._find(number, lora)
        return str(path), path.stat().st_mtime_ns, lora.alpha

    def _branches(self, key: tuple[str, int, float | None], lora: SoundLora) -> dict[Any, Branch]:
        if key not in self._loaded:
            if len(self._loaded) > MAX_UNUSED:
                self._loaded.clear()
            self._loaded[key] = branches_of(
                self._model, load_tensors(Path(key[0])), Path(key[0]).name, self._config, lora.alpha
            )
        return self._loaded[key]


def branches_of(
    model: Any,
    tensors: Mapping[str, Any],
    name: str,
    config: LoraConfig | None,
    alpha: float | None = None,
) -> dict[Any, Branch]:
    """Return a LoRA's parts by the modules of a model that they are for.

    Args:
        model: The model, with its weights loaded.
        tensors: The LoRA.
        name: Name of its file, for errors.
        config: Section `lora` of the configuration of its training run.
        alpha: Alpha that replaces the configuration's.

    Raises:
        Permanent: It is no LoRA, or for another model.
    """
    try:
        layers = read_layers(tensors)
        modules, scales = names_in(model, layers), scales_of(layers, config, alpha)
        return {
            modules[key]: _branch(key, layer, modules[key], scales[key])
            for key, layer in layers.items()
        }
    except LoraError as error:
        raise unfit_lora(name, error) from error


def unfit_lora(name: str, error: LoraError) -> StepError:
    """Return an error about a LoRA that cannot be used."""
    return Permanent(
        f"The LoRA {name} {error}.", remedy="Use one that was trained for this base model."
    )


def _branch(name: str, layer: LoraLayer, module: Any, scale: float) -> Branch:
    import torch

    weight = getattr(module, "weight", None)
    sort = {2: torch.nn.Linear, 3: torch.nn.Conv1d}[layer.down.ndim]
    wanted = (int(layer.up.shape[0]), *(int(side) for side in layer.down.shape[1:]))
    if not isinstance(module, sort) or weight is None or tuple(weight.shape) != wanted:
        raise LoraError(f"is for another model: {name!r} of this one has another shape")
    device = weight.device
    down, up = layer.down.to(device).float(), layer.up.to(device).float()
    magnitude = norm = None
    if layer.magnitude is not None:
        magnitude = layer.magnitude.to(device).float()
        norm = torch.linalg.norm(weight.detach().float() + up @ down * scale, dim=1)
    return Branch(LoraLayer(down, up, magnitude, layer.alpha), scale, norm)


def _hook(branches: Sequence[tuple[Branch, float]]) -> Callable[[Any, Any, Any], Any]:
    def add(module: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        total = output
        for branch, weight in branches:
            total = total + weight * branch.difference(module, inputs[0], output)
        return total

    return add
