"""What one probe found."""

from dataclasses import dataclass

OK, NOTE, WARNING, PROBLEM = "ok", "note", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """What one probe found.

    Attributes:
        name: of the probe.
        state: ``ok``; ``note``: a known trouble is here and i2ikit goes around it; ``warning``: some runs will be slow
            or may fail; ``problem``: runs will fail.
        found: what was seen, with numbers.
        advice: what to do; empty where nothing has to be done.
    """

    name: str
    state: str
    found: str
    advice: str = ""
