"""Pages about runs: static HTML, and model cards."""

from i2ikit.report.model_card import write_card
from i2ikit.report.page import write_report

__all__ = ["write_card", "write_report"]
