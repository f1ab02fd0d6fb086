"""Batch norm over the batches of all processes."""

import torch
from torch import Tensor, nn

from i2ikit.distributed import processes
from i2ikit.ops.numerics import at_least_float32


class SynchronizedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm over the rows of all processes, so that N processes at batch B are one at batch N * B.

    torch's own works on accelerators alone; this one works wherever the processes can sum, and is one process's plain
    batch norm. The variance is taken around the common mean, in float32 at least.

    Args:
        as for ``torch.nn.BatchNorm1d``.
    Shape:
        x: (N, C, ...) with the same N in every process; so is the result.
    Source:
        Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"batch norm needs (N, C, ...), got {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalized input."""
        if processes.count() == 1 or not (self.training or self.running_mean is None):
            return super().forward(input)
        self._check_input_dim(input)
        x = at_least_float32(input)
        axes = [axis for axis in range(x.ndim) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(x.ndim)]
        size = x.numel() // x.shape[1] * processes.count()
        mean = processes.total(x.sum(axes)) / size
        centered = x - mean.view(shape)
        variance = processes.total(centered.square().sum(axes)) / size
        if self.training:
            self._update_statistics(mean.detach(), variance.detach() * (size / max(size - 1, 1)))
        y = centered * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            y = y * self.weight.view(shape) + self.bias.view(shape)
        return y.to(input.dtype)

    @torch.no_grad()
    def _update_statistics(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        weight = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean), weight)
        self.running_var.lerp_(variance.to(self.running_var), weight)


def synchronize_batch_norms(module: nn.Module) -> None:
    """Replace all of torch's batch norms inside a module, in place; parameters, buffers and their names stay."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            setattr(module, name, _synchronized(child))
        else:
            synchronize_batch_norms(child)


def _synchronized(norm: nn.modules.batchnorm._BatchNorm) -> SynchronizedBatchNorm:
    twin = SynchronizedBatchNorm(
        norm.num_features, norm.eps, norm.momentum, affine=norm.affine, track_running_stats=norm.track_running_stats
    )
    twin._parameters, twin._buffers = norm._parameters, norm._buffers
    return twin.train(norm.training)
