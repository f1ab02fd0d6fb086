"""Finds training images that a model cannot take: too small or of other channels than its networks, before a run."""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from i2ikit.build import Builder, ConfigProblem, needs_values, parameters, reason
from i2ikit.config.batch import batch_shapes, images_without_values, side_key, size_in_config
from i2ikit.config.channels import channels_of_images, data_channels
from i2ikit.config.data import image_names
from i2ikit.errors import I2IKitError, ShapeError, counted
from i2ikit.registry import DATASETS

if TYPE_CHECKING:
    from i2ikit.interfaces import Read
    from i2ikit.translation import UnpairedTranslation
    from i2ikit.translation.expressions import Expression

NORM_OF_ONE = "Expected more than 1"  # torch's error of a norm that sees a single value of each channel
ABOUT_SIZES = re.compile(r"\b(sizes?|shapes?|dimensions?|input size)\b")
TRIAL = 16  # pixels of a side on which views are tried out
PASSED: set[tuple[str, tuple[type, ...]]] = set()  # models and shapes of images, with the classes of all modules
OTHERS = "cyclegan, dclgan and enco can, without their identity terms"


def build_trial_model(config: Mapping[str, Any]) -> tuple["UnpairedTranslation | None", list[ConfigProblem]]:
    """Build the model of a config without its weights, on torch's meta device; return it, or None, and the errors."""
    import torch

    from i2ikit.translation import build_model

    builder, names = Builder(), image_names(config.get("data"))
    try:
        with torch.device("meta"):
            return build_model(config["model"], builder, real=names), builder.errors
    except RuntimeError as error:  # a part that cannot be built without real tensors
        if not needs_values(error):
            raise
        builder = Builder()
        return build_model(config["model"], builder, real=names), builder.errors


def image_errors(config: Mapping[str, Any], model: "UnpairedTranslation") -> list[ConfigProblem]:
    """Return what is wrong with the channels and the size of the training images for the networks of a model.

    Args:
        config: resolved; its sections are valid.
        model: of the config, without the values of its weights.
    """
    clashes = [*_channel_clashes(config, model), *_odd_outputs(config, model)]
    if clashes:
        return clashes
    try:
        failed = trial_error(config, batch_shapes(config, model))
    except I2IKitError:  # the size depends on the files
        return list(_unfit_sizes(config, model, "generators."))
    found = list(_unfit_sizes(config, model, "generators.", "discriminators.")) if failed is not None else []
    return found or ([failed] if failed is not None else [])


def trial_error(config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> ConfigProblem | None:
    """Compute all terms of a config's model once, on images without values; return the term that fails, and why.

    None, too, where a part needs the values of tensors, and for a model that passed in this process before: a training
    checks its config when it is read, and when the run is built.

    Args:
        config: resolved and valid.
        shapes: of the images by domain, (B, C, H, W); see :func:`batch_shapes`.
    """
    from i2ikit.translation import Progress, RandomStreams
    from i2ikit.translation.step import Step

    model, _ = build_trial_model(config)
    assert model is not None, "the config is valid"
    tried = json.dumps([config["model"], shapes], sort_keys=True, default=repr), tuple(map(type, model.modules()))
    if tried in PASSED:
        return None
    _activate_terms(model.to("meta"))
    model.plain = True  # a pass that is joined with others would fail in the term that reads those
    images = images_without_values(shapes)
    step = Step(model, images, Progress(1, 1, 1, 1), RandomStreams(0, 1, first=0))
    called = [""]
    for name, network in model.networks.items():
        for module in network.modules():  # `trace` calls the modules inside
            module.register_forward_pre_hook(lambda *_, name=name: called.append(name))
    for index, phase in enumerate(model.phases):
        try:
            step.run_phase(index)
        except (ValueError, RuntimeError) as error:
            message = _explained(error, called[-1], images["a"].shape)
            return ConfigProblem(f"model.phases.{phase}.terms.{step.term}", message) if message else None
        step.forget(index)
    failed = _output_error(model, images)
    PASSED.update(() if failed else (tried,))
    return failed


def _output_error(model: "UnpairedTranslation", images: Mapping[str, Any]) -> ConfigProblem | None:
    """Compute all outputs once, on images without values; return the one that fails, or that changes the size."""
    from i2ikit.translation.outputs import real_images

    for name, image in model.outputs.items():
        source = images[real_images(name, image, [*model.views])[0]]
        try:
            found = model.render(images, [str(image)])[str(image)]
        except (ValueError, RuntimeError) as error:
            message = _explained(error, str(image), source.shape)
        else:
            sizes = [tuple(each.shape[2:]) for each in (source, found)]
            message = f"{image} makes {sizes[1]} pixels of {sizes[0]}; an output has the size of its image"
            message = message if sizes[0] != sizes[1] else ""
        if message:
            return ConfigProblem(f"model.outputs.{name}", message)
    return None


def _channel_clashes(config: Mapping[str, Any], model: "UnpairedTranslation") -> Iterator[ConfigProblem]:
    """Yield one error about all terms that need equal channels of both domains, where they differ."""
    channels = channels_of_images(config, model)
    clashes: dict[str, str] = {}
    kept: list[Sequence[Read]] = []
    for phase in model.phases.values():
        for name, weighted in phase.terms.items():
            reads = weighted.term.reads()
            found = next((text for read in reads if (text := _clash(read, model, channels))), "")
            if found:
                clashes[f"model.phases.{phase.name}.terms.{name}"] = found
            else:
                kept.append(reads)
    if not clashes or channels["a"] == channels["b"]:
        return
    data = config["data"]
    path = "data.channels" if data.get("channels") is not None else "data.train.channels"
    terms = " and ".join(f"{term.rpartition('.')[2]} ({text})" for term, text in clashes.items())
    needs = "needs" if len(clashes) == 1 else "need"
    if all(_ties(name, kept, model) for name in model.generators if f"generators.{name}" not in model.averages):
        advice = f"Leave that out: {' '.join(f'--set {term}=None' for term in clashes)}"
    else:
        advice = f"No other term ties the output to the input, so this method cannot be used; {OTHERS}"
    yield ConfigProblem(
        path,
        f"gives domain a {channels['a']} and domain b {channels['b']}, but {terms} {needs} equal channels. {advice}.",
    )


def _odd_outputs(config: Mapping[str, Any], model: "UnpairedTranslation") -> Iterator[ConfigProblem]:
    """Yield the outputs that no image of their domain can be, of other channels, or that no test image is given for."""
    from i2ikit.interfaces import Read
    from i2ikit.translation.outputs import domains_of

    channels = channels_of_images(config, model) | data_channels(config)
    for name, image in model.outputs.items():
        domain = domains_of(name)[1]
        if text := _unread_at_test(image, config["data"], model):
            yield ConfigProblem(f"model.outputs.{name}", text)
        found, clash = _channels(image, model, channels), _clash(Read(str(image)), model, channels)
        if clash:
            yield ConfigProblem(f"model.outputs.{name}", f"{clash} channels")
        elif found is not None and found != channels[domain]:
            yield ConfigProblem(
                f"model.outputs.{name}",
                f"{image} has {counted(found, 'channel')}, but images of domain {domain} have {channels[domain]}: an "
                "output ends in a generator that makes such images",
            )


def _unread_at_test(image: "Expression", data: Mapping[str, Any], model: "UnpairedTranslation") -> str:
    """Return which image of an output the test data lack, and how they get it; an empty string if none."""
    missing = sorted(image.images() - model.language.views.keys() - {*image_names(data, "test")})
    if not data.get("test") or not missing:
        return ""
    kind = data["test"]["type"]
    takes = "extra" in parameters(DATASETS, kind)
    how = f"data.test.extra={missing!r} reads it" if takes else f"{kind} has none; UnpairedFolders takes extra"
    return f"{image} reads {missing[0]!r}, which data.test does not announce: {how}"


def _clash(read: "Read", model: "UnpairedTranslation", channels: Mapping[str, int]) -> str:
    """Return which image of a read has other channels than the network it enters, or an empty string."""
    inputs = model.language.inputs(read.network, read.image)
    passes = [*([(model.language.full(read.network), inputs)] if read.network else [])]
    passes += [
        (f"generators.{part.name}", part.arguments)
        for image in inputs
        for part in image.walk()
        if part.arguments and part.name in model.generators
    ]
    for network, entering in reversed(passes):
        for image, taken in zip(entering, _taken_channels(model.networks[network]), strict=True):
            found = _channels(image, model, channels)
            if found is not None and taken is not None and found != taken:
                return f"{image} has {found}, {network} takes {taken}"
    return ""


def _taken_channels(network: Any) -> list[int | None]:
    """Return the channels of the images that a network takes, its extra inputs too; None for another kind of input."""
    from i2ikit.interfaces.inputs import extra_inputs

    extras = extra_inputs(network)
    return [getattr(network, "in_channels", None), *(extra.size if extra.kind == "image" else None for extra in extras)]


def _channels(image: "Expression", model: "UnpairedTranslation", channels: Mapping[str, int]) -> int | None:
    """Return the channels of an image; None where its generator does not tell, and for what is no image."""
    if image.name in model.views:
        return _viewed_channels(image, model, channels)
    if not image.arguments:
        return channels.get(image.name)
    generator: Any = model.generators[image.name]
    return int(generator.widths((image.tap,))[0]) if hasattr(generator, "widths") else None


def _viewed_channels(image: "Expression", model: "UnpairedTranslation", channels: Mapping[str, int]) -> int | None:
    """Return the channels that a view makes of its images, tried out without values; or those of its first image."""
    import torch

    from i2ikit.translation.rendering import FixedSamples

    given = [_channels(argument, model, channels) for argument in image.arguments if argument.number is None]
    views = FixedSamples().views(model.language)
    try:
        images = [torch.zeros(1, count or 1, TRIAL, TRIAL, device="meta") for count in given]
        made = views.apply(image, images, images[0] if images else torch.zeros(1, 3, TRIAL, TRIAL, device="meta"))
    except Exception:  # it needs the values of tensors, or unfolds into another expression
        return given[0] if given else None
    return made.shape[1] if made.ndim == 4 and None not in given else None


def _ties(generator: str, terms: Sequence[Sequence["Read"]], model: "UnpairedTranslation") -> bool:
    """Return whether a term that is not adversarial, which reads logits only, reads images or taps of a generator."""
    return any(
        model.language.full(read.network) == f"generators.{generator}"
        or any(generator in image.functions() for image in model.language.inputs(read.network, read.image))
        for reads in terms
        if not all(read.network.startswith("discriminators.") for read in reads)
        for read in reads
    )


def _unfit_sizes(config: Mapping[str, Any], model: "UnpairedTranslation", *kinds: str) -> Iterator[ConfigProblem]:
    """Yield the sides of the training images that networks cannot take, with the nearest that all of them can."""
    size = size_in_config(config)
    needs = {
        name: (getattr(network, "multiple", 1), getattr(network, "smallest", 1))
        for name, network in model.networks.items()
        if name.startswith(kinds) and name not in model.averages
    }
    for side in dict.fromkeys(size or ()):
        failing = {name: need for name, need in needs.items() if side % need[0] or side < need[1]}
        if not failing:
            continue
        step, least = _combined(failing.values())
        every, start = _combined(needs.values())
        key = side_key(config, side)
        near = dict.fromkeys((max(side // every * every, start), max(-(-side // every) * every, start)))
        verb = "needs" if len(failing) == 1 else "need"
        what = f"multiples of {step} of at least {least}" if step > 1 else f"at least {least} pixels"
        nearest = " or ".join(f"{key}={value}" for value in near) if key else f"nearest: {', '.join(map(str, near))}"
        yield ConfigProblem(key or "data.train", f"{', '.join(failing)} {verb} {what}, not {side}: {nearest}")


def _combined(needs: Collection[tuple[int, int]]) -> tuple[int, int]:
    """Return the multiple and the least side that fit all of the needs."""
    step = math.lcm(*(multiple for multiple, _ in needs))
    return step, -(-max(least for _, least in needs) // step) * step


def _activate_terms(model: "UnpairedTranslation") -> None:
    """Give all terms a weight, those too that a schedule leaves out at the beginning."""
    from i2ikit.schedules.weights import Constant

    for name, phase in model.phases.items():
        terms = {key: replace(weighted, weight=Constant(1.0)) for key, weighted in phase.terms.items()}
        model.phases[name] = replace(phase, terms=terms)


def _explained(error: Exception, network: str, shape: Sequence[int]) -> str:
    """Return an error about the size of images as a message; empty for one that only images without values cause."""
    if isinstance(error, ShapeError):
        return reason(error)
    text = str(error)
    batch, side = shape[0], min(shape[2:])
    if NORM_OF_ONE in text:
        return (
            f"a norm of {network} sees a single value of each channel, which it cannot normalize: raise "
            f"data.batch_size ({batch} now), the size of the images ({side} now) or the sampler's `num`, or choose "
            f"another `norm` in model.{network}"
        )
    if not isinstance(error, RuntimeError) or needs_values(error) or "device" in text or not ABOUT_SIZES.search(text):
        return ""
    return f"{network} cannot take images of {side} pixels: {reason(error)}"
