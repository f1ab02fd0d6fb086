"""Measuring a model on test images: metrics, sample grids and the gallery. Knows no mmengine."""
