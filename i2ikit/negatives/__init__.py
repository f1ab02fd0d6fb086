"""Sources of negatives: which keys a query is contrasted with."""
