"""The command line: one file a command. The only place that prints, and the only one that knows rich."""
