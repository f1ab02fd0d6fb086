"""Trackers: services and files that runs are compared in, such as TensorBoard, Weights & Biases or MLflow."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
