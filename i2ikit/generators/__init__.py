"""Parts of the kind: generators."""
