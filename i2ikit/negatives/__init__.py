"""Parts of the kind: negatives."""
