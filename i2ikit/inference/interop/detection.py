"""The architecture of a published network, from the names and shapes of its state dict."""

import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from torch import Tensor

from i2ikit.errors import CheckpointError

State = Mapping[str, Tensor]
SIDES = (64, 128, 256, 512, 32, 1024)  # pixels, the published one first
PREFIXES = 3  # words in front of the published names, such as `module.netG.`


def detect(state: State, source: str) -> tuple[str, dict[str, Any]]:
    """Return the kind (``generators``, ``discriminators`` or ``heads``) and the config of the network of a state dict.

    The config of a head has no ``of`` and ``taps``, which its weights do not determine; see :func:`head_widths`.

    Args:
        state: weights by published name.
        source: of the weights, for messages.

    Raises:
        CheckpointError: the names are those of no published network.
    """
    finder = _finder(state)
    if finder is None:
        shown = ", ".join(f"{name} {list(value.shape)}" for name, value in islice(state.items(), 3))
        raise CheckpointError(
            f"{source} holds no published network. Its first entries are {shown}; a published generator has entries "
            "such as model.1.weight and model.10.conv_block.1.weight, a discriminator model.0.weight, a head "
            "mlp_0.0.weight. Rename the entries in the file if it has the same layers."
        )
    return finder(state)


def published_spelling(state: State) -> tuple[State, list[str]]:
    """Return a state dict under the published names where they are spelled in another common way.

    Other spellings have prefixes (``module.``, ``netG.``), or other words for the sequence of layers (``main.1.bias``)
    and for the inside of a residual block (``model.10.block.1.bias``).

    Returns:
        weights by published name, or by their own where they are those of no published network; and notes.
    """
    for words in range(PREFIXES + 1):
        bare = {".".join(name.split(".")[words:]): value for name, value in state.items()}
        if len({tuple(name.split(".")[:words]) for name in state}) > 1:
            break
        for spelled in (bare, {_published_name(name): value for name, value in bare.items()}):
            if _finder(spelled) is not None and len(spelled) == len(state):
                changed = next(((old, new) for old, new in zip(state, spelled, strict=True) if old != new), None)
                return spelled, [f"read {changed[0]} as {changed[1]}, and so on"] if changed else []
    return state, []


def _published_name(name: str) -> str:
    """Return the published spelling of an entry of a sequence of layers and residual blocks."""
    name = re.sub(r"^(?:[A-Za-z_]\w*\.)?(\d+)\.", r"model.\1.", name)
    return re.sub(r"^(model\.\d+)\.[A-Za-z_]\w*\.(\d+)\.(\w+)$", r"\1.conv_block.\2.\3", name)


def _finder(state: State) -> Callable[[State], tuple[str, dict[str, Any]]] | None:
    """Return the function that reads the config of a network from its state dict; None for an unknown one."""
    finders = {
        "encoder.convs.1.0.weight": _stylegan2_generator,
        "final_linear.0.weight": _stylegan2_discriminator,
        "model.model.0.weight": _unet,
        "net.0.weight": _pixel,
        "mlp_0.0.weight": _head,
    }
    for name, finder in finders.items():
        if name in state:
            return finder
    if any(".conv_block." in name for name in state) and "model.1.weight" in state:
        return _resnet
    return _patchgan if "model.0.weight" in state and state["model.0.weight"].ndim == 4 else None


def head_widths(state: State) -> list[int]:
    """Return the input channels of each layer of a head."""
    return [state[name].shape[1] for name in _layers(state, r"mlp_(\d+)\.0\.weight")]


def _layers(state: State, pattern: str) -> list[str]:
    """Return the names that match a pattern, in the order of its number."""
    found = {int(match[1]): name for name in state if (match := re.fullmatch(pattern, name))}
    return [found[number] for number in sorted(found)]


def _norm(state: State, conv: str, norm: str) -> str:
    """Return the norm after a convolution. Published convolutions have a bias only before an instance norm."""
    bias = f"{conv}.bias" in state
    if f"{norm}.weight" in state:
        return "batch" if f"{norm}.running_mean" in state and not bias else "instance_affine"
    return "instance" if bias else "none"


def _has_filter(state: State, side: int) -> bool:
    """Return whether there is a blur kernel of ``side`` x ``side``."""
    return any(name.endswith(".filt") and value.shape[-1] == side for name, value in state.items())


def _resnet(state: State) -> tuple[str, dict[str, Any]]:
    blocks = {match[1] for name in state if (match := re.match(r"model\.(\d+)\.conv_block\.", name))}
    inside = sorted({
        int(match[1])
        for name, value in state.items()
        if value.ndim == 4 and (match := re.fullmatch(r"model\.\d+\.conv_block\.(\d+)\.weight", name))
    })  # fmt: skip
    convs = [value for name, value in state.items() if value.ndim == 4 and name.endswith(".weight")]
    stem, last = convs[0], convs[-1]  # by order: forks give the last layer a name of its own
    return "generators", {
        "type": "ResNetGenerator",
        "in_channels": stem.shape[1],
        "out_channels": last.shape[0],
        "filters": stem.shape[0],
        "blocks": len(blocks),
        "antialias_down": _has_filter(state, 3),
        "antialias_up": _has_filter(state, 4),
        "norm": _norm(state, "model.1", "model.2"),
        "dropout": inside[-1] - inside[0] == (5 if inside[0] else 4),
        "padding": "reflect" if inside[0] else "zero",
    }


def _patchgan(state: State) -> tuple[str, dict[str, Any]]:
    convs = [name for name in _layers(state, r"model\.(\d+)\.weight") if state[name].ndim == 4]
    second = convs[1].removesuffix(".weight") if len(convs) > 1 else "model.0"
    norm = f"model.{int(second.split('.')[1]) + 1}"
    return "discriminators", {
        "type": "PatchGANDiscriminator",
        "in_channels": state[convs[0]].shape[1],
        "filters": state[convs[0]].shape[0],
        "layers": max(len(convs) - 2, 1),
        "antialias": _has_filter(state, 3),
        "norm": _norm(state, second, norm),
    }


def _pixel(state: State) -> tuple[str, dict[str, Any]]:
    first = state["net.0.weight"]
    return "discriminators", {
        "type": "PixelDiscriminator",
        "in_channels": first.shape[1],
        "filters": first.shape[0],
        "norm": _norm(state, "net.2", "net.3"),
    }


def _unet(state: State) -> tuple[str, dict[str, Any]]:
    depth = max(name.count(".model.3") for name in state if name.endswith(".model.1.weight"))
    first, last = state["model.model.0.weight"], state["model.model.3.weight"]
    inner = "model.model.1.model"
    return "generators", {
        "type": "UNetGenerator",
        "in_channels": first.shape[1],
        "out_channels": last.shape[1],
        "filters": first.shape[0],
        "downs": depth + 2,
        "norm": _norm(state, f"{inner}.1", f"{inner}.2"),
    }


def _stylegan2_generator(state: State) -> tuple[str, dict[str, Any]]:
    stem, last = state["encoder.convs.1.0.weight"], state[_layers(state, r"decoder\.convs\.(\d+)\.0\.weight")[-1]]
    halvings = _layers(state, r"encoder\.convs\.(\d+)\.skip\.1\.weight")
    widths = [stem.shape[0], *(state[name].shape[0] for name in halvings)]
    size, filters = next(
        (
            (side, filters)
            for side in SIDES
            if _generator_widths(filters := round(widths[0] * side / 512), side, len(widths)) == widths
        ),
        (SIDES[0], max(1, round(widths[0] / 8))),
    )
    blocks = 2 * len(_layers(state, r"decoder\.convs\.(\d+)\.conv1\.0\.weight"))
    learned = any(value.any().item() for name, value in state.items() if name.endswith(".noise.weight"))
    return "generators", {
        "type": "StyleGAN2Generator",
        "in_channels": stem.shape[1],
        "out_channels": last.shape[0],
        "filters": filters,
        "size": size,
        "downs": len(halvings),
        "blocks": max(blocks, 2),
        "noise": learned or blocks > 2,  # the published small form keeps a weight for noise and adds none
    }


def _generator_widths(filters: int, side: int, count: int) -> list[int]:
    """Return the channels at ``side`` pixels and at each half of it, ``count`` numbers, by the published table."""
    widths = [(side >> n, round(16384 / (side >> n) * filters / 32)) for n in range(count)]
    return [min(512, width) if at <= 32 else width for at, width in widths]


def _stylegan2_discriminator(state: State) -> tuple[str, dict[str, Any]]:
    stem = state["convs.0.0.weight"]
    size = 4 << len(_layers(state, r"convs\.(\d+)\.conv1\.0\.weight"))
    return "discriminators", {
        "type": "StyleGAN2Discriminator",
        "in_channels": stem.shape[1],
        "filters": max(1, -(-stem.shape[0] * size // 256)),
        "size": size,
    }


def _head(state: State) -> tuple[str, dict[str, Any]]:
    dim = state["mlp_0.0.weight"].shape[0]
    if "prj_0.0.weight" not in state:
        return "heads", {"type": "MLPHead", "dim": dim}
    norm = "none"
    if "mlp_0.1.weight" in state:
        norm = "batch" if "mlp_0.1.running_mean" in state else "layer"
    hidden = state["prj_0.0.weight"].shape[0]
    return "heads", {"type": "ProjectionPredictionHead", "dim": dim, "hidden": hidden, "norm": norm}
