"""Parts of the kind: losses."""
