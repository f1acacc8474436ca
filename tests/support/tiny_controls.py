"""Tiny ControlNets, models of depth and networks that enlarge, saved for the real loaders."""

from pathlib import Path
from typing import Any

from tests.support import tiny_pipelines as tiny


def controlnet(pipeline: Any, folder: Path) -> Path:
    """Save a ControlNet for a tiny pipeline, whose outputs are not zero as untrained ones are."""
    import torch
    from diffusers import ControlNetModel

    if not (folder / "config.json").exists():
        torch.manual_seed(3)
        net = ControlNetModel.from_unet(pipeline.unet, conditioning_channels=3)
        for layer in (*net.controlnet_down_blocks, net.controlnet_mid_block):
            torch.nn.init.normal_(layer.weight, std=0.5)
        torch.nn.init.normal_(net.controlnet_cond_embedding.conv_out.weight, std=0.5)
        net.save_pretrained(folder)
    return folder


def of_sd15(folder: Path) -> Path:
    """Save a ControlNet for the tiny Stable Diffusion 1.5."""
    return controlnet(tiny.sd15(), folder)


def of_sdxl(folder: Path) -> Path:
    """Save a ControlNet for the tiny SDXL."""
    return controlnet(tiny.sdxl(), folder)


def depth(folder: Path) -> Path:
    """Save a model of depth with random weights."""
    import torch
    from transformers import GLPNConfig, GLPNForDepthEstimation, GLPNImageProcessor

    torch.manual_seed(5)
    config = GLPNConfig(
        hidden_sizes=[8, 8, 8, 8],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=8,
    )
    GLPNForDepthEstimation(config).save_pretrained(folder)
    GLPNImageProcessor().save_pretrained(folder)
    return folder


def repeating(folder: Path, *, prefix: str = "", channels: int = 3) -> Path:
    """Save a network that repeats each pixel; with 12 channels, each of its folds is a channel."""
    import torch
    from safetensors.torch import save_file

    from engine.models.diffusion.rrdbnet import RRDBNet

    net = RRDBNet(channels, 12, 4, 2)
    for name, tensor in net.state_dict().items():
        tensor.zero_()
        if name in {"conv_up1.weight", "conv_up2.weight", "conv_hr.weight", "conv_last.weight"}:
            tensor[range(tensor.shape[0]), range(tensor.shape[0]), 1, 1] = 1.0
        if name == "conv_first.weight":
            for colour in range(3):
                step = channels // 3
                tensor[colour, colour * step : (colour + 1) * step, 1, 1] = 1.0 / step
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"repeating-{channels}.safetensors"
    weights = {f"{prefix}{name}": tensor for name, tensor in net.state_dict().items()}
    save_file({name: torch.clone(tensor) for name, tensor in weights.items()}, file)
    return file
