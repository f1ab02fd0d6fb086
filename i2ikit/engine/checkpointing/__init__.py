"""Checkpoints: what they hold, how a run resumes from one, and steps saved for a report."""
