"""ONNX: a graph that any ONNX runtime computes, in float32, with weights in float16, or quantized to 8 bits."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from i2ikit.inference.export.graphs import Run, make_graph
from i2ikit.inference.export.module import ExportedGenerator

INPUT, OUTPUT = "image", "translation"
CONVOLUTIONS = ("Conv", "ConvTranspose")


def write_onnx(module: ExportedGenerator, channels: int, metadata: Mapping[str, str]) -> bytes:
    """Return the ONNX file of a module."""
    program = torch.onnx.export(
        make_graph(module, channels), (), dynamo=True, verbose=False, input_names=[INPUT], output_names=[OUTPUT]
    )
    assert program is not None
    return finished(program.model_proto, metadata, bytes_last=module.uint8)


def finished(model: Any, metadata: Mapping[str, str], *, bytes_last: bool) -> bytes:
    """Return the file of an ONNX model, with metadata, and axes called batch, height and width."""
    names = ("batch", "height", "width", "") if bytes_last else ("batch", "", "height", "width")
    for value in (*model.graph.input, *model.graph.output):
        for axis, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
            if name:
                axis.dim_param = name
    del model.graph.value_info[:]  # the names of axes in between; a runtime finds the shapes by itself
    for part in (*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output, model.graph):
        del part.metadata_props[:]  # the lines of Python that made each node, with the folders of this machine
    del model.metadata_props[:]
    for key, text in metadata.items():
        model.metadata_props.add(key=key, value=text)
    content: bytes = model.SerializeToString()
    return content


def run_onnx(content: bytes) -> Run:
    """Return what an ONNX file computes in onnxruntime, on the CPU."""
    from onnxruntime import InferenceSession

    session = InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(x: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {INPUT: x.contiguous().numpy()})[0])

    return run


def quantize(content: bytes, images: Sequence[Tensor], metadata: Mapping[str, str], *, bytes_last: bool) -> bytes:
    """Return an ONNX file whose convolutions compute with 8-bit integers, except for the first and the last one.

    Ranges of activations are the smallest and largest values on the images; weights have a scale for each channel.

    Args:
        content: the ONNX file in float32.
        images: batches, as the file takes them.
        metadata: of the new file.
        bytes_last: whether the file takes bytes (B, H, W, C).
    Source:
        static quantization of onnxruntime; Jacob et al. 2017, arXiv:1712.05877.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with TemporaryDirectory() as folder, quiet_logging():
        given, plain, small = (Path(folder) / name for name in ("given.onnx", "plain.onnx", "small.onnx"))
        given.write_bytes(content)
        quant_pre_process(given, plain, skip_symbolic_shape=True)
        layers = [node.name for node in onnx.load(plain).graph.node if node.op_type in CONVOLUTIONS]
        quantize_static(
            plain,
            small,
            _Images(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=list(CONVOLUTIONS),
            nodes_to_exclude=[*layers[:1], *layers[-1:]],
        )
        return finished(onnx.load(small), metadata, bytes_last=bytes_last)


class _Images:
    """Calibration images as onnxruntime reads them: one at a time, then None."""

    def __init__(self, images: Sequence[Tensor]) -> None:
        self.images = iter(images)

    def get_next(self) -> dict[str, Any] | None:
        """Return the next image by the name of the input."""
        image = next(self.images, None)
        return None if image is None else {INPUT: image.contiguous().numpy()}


@contextmanager
def quiet_logging() -> Iterator[None]:
    """Keep onnxruntime's advice, which is followed here, out of the log."""
    root = logging.getLogger()
    before = root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
