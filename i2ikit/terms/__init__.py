"""Parts of the kind: terms."""
