"""The cost of a training step, estimated on torch's meta device: without values, and mostly without data."""
