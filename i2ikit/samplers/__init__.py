"""Parts of the kind: samplers."""
