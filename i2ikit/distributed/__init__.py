"""Several processes that train one model: launch, collectives, gradients, and the device of each."""
