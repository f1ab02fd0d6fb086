"""Training batches: order, workers, files that cannot be read, and a cache of prepared images."""
