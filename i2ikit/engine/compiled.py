"""``train.compile``: generators and discriminators compiled by ``torch.compile``, where that is possible."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.files import user_cache
from i2ikit.translation import UnpairedTranslation

BACKEND = "inductor"
VARIANTS = 64  # of one function that are compiled: by sizes, taps, and frozen weights
CACHE = "TORCHINDUCTOR_CACHE_DIR"
EARLY = "force_non_lazy_backward_lowering"  # option of PyTorch: a backward pass is compiled with its forward pass


def compile_networks(
    model: UnpairedTranslation,
    train: Mapping[str, Any],
    device: torch.device,
    note: Callable[[str], None],
    backend: str = BACKEND,
) -> None:
    """Let the networks of a model be compiled when they are first called in training.

    What was compiled is kept in the user's cache folder, so that the next run starts faster. Outside of training, for
    images that are leaves of a gradient penalty, and where compiling fails, networks run as usual.

    Args:
        model: on its device; it is changed.
        train: the section of a resolved config.
        device: of the model.
        note: is called once with the reason if nothing, or one of the networks, can be compiled.
        backend: of ``torch.compile``.
    """
    os.environ.setdefault(CACHE, str(user_cache("compiled")))
    reason = "train.checkpoint_activations computes their stages again" if train["checkpoint_activations"] else ""
    reason = reason or _obstacle(device, backend)
    if reason:
        note(f"train.compile: networks run without being compiled: {reason}.")
        return
    torch._dynamo.config.recompile_limit = max(VARIANTS, torch._dynamo.config.recompile_limit)
    for name, network in model.networks.items():
        if not name.startswith("heads."):
            method = "trace" if hasattr(network, "trace") else "forward"
            setattr(network, method, _Compiled(name, network, method, backend, note))


def _obstacle(device: torch.device, backend: str) -> str:
    """Compile and run a small function; return why that fails, or an empty string."""
    x = torch.ones(4, device=device, requires_grad=True)
    try:
        with _compiling():
            torch.compile(lambda x: (x * x).relu() + 1, backend=backend)(x).sum().backward()
    except Exception as error:  # of any kind: of the compiler, of the system
        return _first_line(error)
    return ""


class _Compiled:
    """A method of a network that is compiled in training."""

    def __init__(self, name: str, network: nn.Module, method: str, backend: str, note: Callable[[str], None]) -> None:
        self._name, self._network, self._note = name, network, note
        self._plain: Callable[..., Any] = getattr(network, method)
        self._compiled: Callable[..., Any] | None = torch.compile(self._plain, backend=backend, dynamic=False)

    def __call__(self, image: Tensor, *arguments: Any, **options: Any) -> Any:
        differentiated = image.requires_grad and image.is_leaf  # twice, which compiled functions cannot be
        if self._compiled is None or differentiated or not self._network.training:
            return self._plain(image, *arguments, **options)
        try:
            with _compiling():
                return self._compiled(image, *arguments, **options)
        except Exception as error:  # of any kind: of the compiler, of the system; one of the network comes again
            result = self._plain(image, *arguments, **options)
            self._compiled = None
            self._note(f"train.compile: {self._name} runs without being compiled: {_first_line(error)}.")
            return result


@contextmanager
def _compiling() -> Iterator[None]:
    """Compile the backward pass together with the forward pass, so that its errors are found there."""
    from torch._functorch import config  # imports much

    with warnings.catch_warnings(), config.patch({EARLY: True}):
        warnings.simplefilter("ignore")  # torch.compile looks at gradients of tensors that have none, and warns of it
        yield


def _first_line(error: Exception) -> str:
    """Return what happened, without the advice and the traces that follow it."""
    error = getattr(error, "inner_exception", error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else repr(error)).rstrip(".:")
