"""Compares methods under one budget: trains configs in turns and measures them in the same way."""
