"""Parts of the kind: metrics."""
