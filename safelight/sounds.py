"""One sound effect from Python: a prompt goes in, samples and their file come out."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.client.workspace import Workspace
from engine.contract import UserError
from safelight.single import opened

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

RECIPE = "sound-effect"
"""Recipe that generates sounds."""


class NoSound(UserError):
    """A sound was not generated; the message says why."""


class GeneratedSound(NamedTuple):
    """A sound effect, to be unpacked: `audio, sample_rate, path, metadata = generate_sound(...)`.

    Attributes:
        audio: Samples of shape (channels, samples), 1 for full scale: a `torch.Tensor` if a model
            of this machine generated them by PyTorch, else an array of 32-bit floats.
        sample_rate: Sample rate in Hz.
        path: Its file.
        metadata: The document beside the file, with the whole path as `output_path`. If steps
            are laid on events, `placed` is the document of that sound.
    """

    audio: "torch.Tensor | NDArray[np.float32]"
    sample_rate: int
    path: Path
    metadata: dict[str, Any]


def generate_sound(
    prompt: str,
    checkpoint_path: str | Path | None = None,
    config_path: str | Path | None = None,
    output_dir: str | Path | None = None,
    audio_length: float = 6.0,
    cfg_scale: float | None = None,
    steps: int | None = None,
    *,
    negative_prompt: str = "",
    seed: int | None = None,
    events: str | Path | None = None,
    hrtf: str | Path | None = None,
    workspace: Workspace | str | Path = ".",
    settings: Mapping[str, Any] | None = None,
) -> GeneratedSound:
    """Generate takes of a sound, keep the best, and return it.

    It is a batch of the recipe `sound-effect` like any other: it is stored, shown by the dashboard,
    and continued by a later call of `safelight` if this process is killed.

    Args:
        prompt: Words for the sound.
        checkpoint_path: Weights of a model that was trained further.
        config_path: Configuration of that model.
        output_dir: Folder for the files; by default the workspace's `outputs`.
        audio_length: Length in seconds.
        cfg_scale: Guidance scale; by default the backend's.
        steps: Number of denoising steps; by default the backend's.
        negative_prompt: Words for sounds that are not wanted.
        seed: Source of all randomness; by default random.
        events: File with the steps of a film, on which steps of the sound are laid.
        hrtf: SOFA file with the responses of a head, to lay them for headphones.
        workspace: Workspace, or its folder, which is created if it does not exist.
        settings: Other settings of the recipe, and `BACKEND.key`.

    Raises:
        NoSound: No take was generated, or the batch waits for something.
        UserError: An argument is wrong; nothing was generated.
        KeyboardInterrupt: A signal cut it short; `safelight engine` continues it.
    """
    flags = {
        "prompt": prompt,
        "negative_prompt": negative_prompt or None,
        "checkpoint": checkpoint_path,
        "config": config_path,
        "output": output_dir,
        "audio_length": audio_length,
        "cfg_scale": cfg_scale,
        "steps": steps,
        "events": None if events is None else str(events),
        "hrtf": None if hrtf is None else str(hrtf),
    }
    chosen = {name: value for name, value in flags.items() if value is not None}
    seeded = {} if seed is None else {"seed": seed}
    options = {**seeded, **(settings or {})}
    with opened(workspace) as here:
        return _generated(here, chosen, options)


def _generated(
    workspace: Workspace, flags: Mapping[str, Any], settings: Mapping[str, Any]
) -> GeneratedSound:
    batch = workspace.run(RECIPE, flags=flags, settings=settings)
    return read_sound(workspace, batch)


def read_sound(workspace: Workspace, batch: str) -> GeneratedSound:
    """Return the sound that is kept of the only job of a batch that has ended.

    Raises:
        NoSound: None is.
    """
    from engine.client.documents.materials import materials_of_file
    from engine.client.sound_files import samples_of
    from engine.recipes.sound_effect.documents import (
        file_names,
        placed_document,
        placed_name,
        sidecar,
    )

    job, report = workspace.jobs(batch)[0], next(iter(workspace.results(batch)))
    take = report.kept_take
    if take is None:
        raise NoSound(
            report.error or f"{batch} has no sound: it is {job.state}.",
            remedy="" if report.error else "See: safelight status",
        )
    folder = workspace.paths.root / job.output
    path = folder / next(iter(file_names(report)))
    metadata = sidecar(report, take, str(path)) | materials_of_file(workspace, take.audio)
    if placed := report.placed:
        name = folder / placed_name(report, placed)
        materials = materials_of_file(workspace, placed.laid.audio)
        metadata["placed"] = placed_document(report, placed, str(name)) | materials
    samples, rate = samples_of(path)
    has_steps = take.device and take.steps is not None
    return GeneratedSound(_tensor(samples) if has_steps else samples, rate, path, metadata)


def _tensor(samples: "NDArray[np.float32]") -> "torch.Tensor | NDArray[np.float32]":
    """Return samples as a tensor, or as they are without PyTorch in this process."""
    try:
        import torch
    except ImportError:
        return samples
    return torch.from_numpy(samples)
