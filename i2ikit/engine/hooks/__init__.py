"""What happens around the steps of a run: log, display, samples, metrics, checkpoints."""
