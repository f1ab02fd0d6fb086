"""Methods under one budget: trains configs in turns, measures them alike, and compares."""
