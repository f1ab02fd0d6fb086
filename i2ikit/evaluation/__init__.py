"""Measures a model on test images and writes samples of it. Imports no mmengine."""
