"""Parts of the kind: discriminators."""
