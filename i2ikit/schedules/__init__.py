"""Parts of the kind: schedules."""
