"""Static HTML pages about runs."""

from i2ikit.report.page import write_report

__all__ = ["write_report"]
