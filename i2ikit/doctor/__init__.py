"""Looks at a machine: what is installed, and which known troubles really occur here."""

from i2ikit.doctor.examination import Examination, examine
from i2ikit.doctor.finding import Finding

__all__ = ["Examination", "Finding", "examine"]
