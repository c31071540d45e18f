"""The layers of graph networks in fewer and larger operations, for testing: the same but for rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmaction.models.utils.gcn_utils import mstcn, unit_aagcn, unit_gcn
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ['lower']


def lower(network: nn.Module) -> None:
    """Put these layers in the place of MMAction2's; a class that is derived from one of them stays."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is unit_gcn:
                setattr(parent, name, _Graph(child))
            elif type(child) is unit_aagcn and child.adaptive and not child.attention:
                setattr(parent, name, _AdaptiveGraph(child))
            elif type(child) is mstcn:
                setattr(parent, name, _Branches(child))


def _side_by_side(layers: Sequence[Any]) -> nn.Conv2d:
    """Convolutions of 1 x 1 of the same input as one, whose outputs stand one behind the other."""
    return _pointwise(torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers]))


def _pointwise(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], 1)
    layer.load_state_dict(dict(weight=weight.detach(), bias=bias.detach()))
    return layer.eval()


class _Graph(nn.Module):
    """``unit_gcn`` with its adjacency as it is in testing, and the sum over joints as a product of matrices."""

    A: Tensor

    def __init__(self, unit: Any) -> None:
        super().__init__()
        self.unit: Any = unit
        adjacency: Tensor = unit.A
        if unit.adaptive == 'offset':
            adjacency = adjacency + unit.PA
        elif unit.adaptive == 'importance':
            adjacency = adjacency * unit.PA
        self.register_buffer('A', adjacency.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        unit, (n, _, t, v) = self.unit, x.shape
        if unit.conv_pos == 'pre':
            mixed = torch.matmul(unit.conv(x).reshape(n, unit.num_subsets, -1, v), self.A)
            y = mixed.sum(1).reshape(n, -1, t, v)
        else:
            y = unit.conv(torch.matmul(x.unsqueeze(1), self.A.unsqueeze(1)).reshape(n, -1, t, v))
        y = unit.bn(y)
        acted: Tensor = unit.act(y + unit.down(x) if unit.with_res else y)
        return acted


class _AdaptiveGraph(nn.Module):
    """``unit_aagcn`` without attention: its nine convolutions are two."""

    A: Tensor

    def __init__(self, unit: Any) -> None:
        super().__init__()
        self.unit: Any = unit
        self.embed = _side_by_side([*unit.conv_a, *unit.conv_b])
        weights = torch.cat([layer.weight for layer in unit.conv_d], dim=1)
        gather = _pointwise(weights, torch.stack([layer.bias for layer in unit.conv_d]).sum(0))
        self.gather = fuse_conv_bn_eval(gather, unit.bn)
        self.register_buffer('A', unit.A.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        unit, (n, c, t, v) = self.unit, x.shape
        subsets, width = unit.num_subset, unit.inter_c * t
        first, second = self.embed(x).reshape(n, 2, subsets, width, v).unbind(1)
        alike = torch.tanh(torch.matmul(first.transpose(2, 3), second) / width)
        adjacency = self.A + alike * unit.alpha
        mixed = torch.matmul(x.reshape(n, 1, c * t, v), adjacency)
        acted: Tensor = unit.relu(self.gather(mixed.reshape(n, subsets * c, t, v)) + unit.down(x))
        return acted


class _Branches(nn.Module):
    """``mstcn`` with one convolution in front of all branches."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        plain = [config == '1x1' for config in layer.ms_cfg]
        fronts = [
            branch if only else fuse_conv_bn_eval(branch[0], branch[1])
            for only, branch in zip(plain, layer.branches, strict=True)
        ]
        self.front = _side_by_side(fronts)
        self.sizes = [front.out_channels for front in fronts]
        self.strides = [branch.stride[0] if only else 1 for only, branch in zip(plain, layer.branches, strict=True)]
        self.tails = nn.ModuleList(
            nn.Identity() if only else nn.Sequential(*branch[2:])
            for only, branch in zip(plain, layer.branches, strict=True)
        )
        norm, act, last = layer.transform
        self.last = nn.Sequential(norm, act, fuse_conv_bn_eval(last, layer.bn))

    def forward(self, x: Tensor) -> Tensor:
        parts = self.front(x).split(self.sizes, dim=1)
        branches = [
            tail(part[:, :, ::stride]) for part, stride, tail in zip(parts, self.strides, self.tails, strict=True)
        ]
        joined: Tensor = self.last(torch.cat(branches, dim=1))
        return joined
