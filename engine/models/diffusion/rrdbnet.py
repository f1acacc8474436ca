"""RRDBNet, the network of Real-ESRGAN (https://arxiv.org/abs/1809.00219).

Modules have the names that published weights have.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

SLOPE = 0.2
"""Slope of the activation below 0."""

RESIDUAL = 0.2
"""Weight of what a block adds."""


def _conv(inside: int, outside: int) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, 1, 1)


class _Dense(nn.Module):
    """Five layers, each of which sees the output of all before it."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = _conv(features, growth)
        self.conv2 = _conv(features + growth, growth)
        self.conv3 = _conv(features + 2 * growth, growth)
        self.conv4 = _conv(features + 3 * growth, growth)
        self.conv5 = _conv(features + 4 * growth, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        parts = [x]
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            parts.append(leaky_relu(layer(torch.cat(parts, 1)), SLOPE))
        added: Tensor = self.conv5(torch.cat(parts, 1))
        return x + RESIDUAL * added


class _Block(nn.Module):
    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = _Dense(features, growth)
        self.rdb2 = _Dense(features, growth)
        self.rdb3 = _Dense(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        added: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return x + RESIDUAL * added


class RRDBNet(nn.Module):
    """The network, which enlarges four times.

    Args:
        channels: Channels of its input.
        features: Channels of its features.
        growth: Channels that a layer of a block adds.
        blocks: Number of blocks.
    """

    def __init__(self, channels: int, features: int, growth: int, blocks: int) -> None:
        super().__init__()
        self.conv_first = _conv(channels, features)
        self.body = nn.Sequential(*(_Block(features, growth) for _ in range(blocks)))
        self.conv_body = _conv(features, features)
        self.conv_up1 = _conv(features, features)
        self.conv_up2 = _conv(features, features)
        self.conv_hr = _conv(features, features)
        self.conv_last = _conv(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return images of shape (n, 3, 4 h, 4 w) of some of shape (n, channels, h, w)."""
        first = self.conv_first(x)
        features = first + self.conv_body(self.body(first))
        for layer in (self.conv_up1, self.conv_up2):
            features = leaky_relu(layer(interpolate(features, scale_factor=2)), SLOPE)
        image: Tensor = self.conv_last(leaky_relu(self.conv_hr(features), SLOPE))
        return image
