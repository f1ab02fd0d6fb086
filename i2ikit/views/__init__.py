"""Parts of the kind: views."""
