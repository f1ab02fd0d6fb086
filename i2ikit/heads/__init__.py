"""Parts of the kind: heads."""
