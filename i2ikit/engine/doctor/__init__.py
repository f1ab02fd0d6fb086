"""Looks at a machine: what is installed, and which known troubles really occur here."""

from i2ikit.engine.doctor.examination import Examination, examine
from i2ikit.engine.doctor.finding import Finding

__all__ = ["Examination", "Finding", "examine"]
