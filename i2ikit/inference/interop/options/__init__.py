"""Command lines of the published training programs as configs."""

from i2ikit.inference.interop.options.command_line import PublishedCommand, parse_command
from i2ikit.inference.interop.options.translation import Translation, translate_command

__all__ = ["PublishedCommand", "Translation", "parse_command", "translate_command"]
