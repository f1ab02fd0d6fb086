"""Checkpoints: what they hold, how a run resumes from one, and steps that are saved to be reproduced."""
