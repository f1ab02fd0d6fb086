"""Checks a machine: what is installed, and which known problems occur on it."""

from i2ikit.doctor.diagnosis import Diagnosis, diagnose
from i2ikit.doctor.probes import ProbeResult

__all__ = ["Diagnosis", "ProbeResult", "diagnose"]
