"""Functions on tensors that metrics are made of."""
