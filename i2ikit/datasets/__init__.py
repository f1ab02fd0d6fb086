"""Parts of the kind: datasets."""
