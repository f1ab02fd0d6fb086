"""Parts of the kind: transforms."""
