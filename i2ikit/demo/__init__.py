"""A page in the browser to try trained generators on one's own images."""
