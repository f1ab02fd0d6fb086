"""A foreground mask: generators decide where they change an image; elsewhere it stays exactly as it is.

For objects in front of a background. Each generator that makes an output must take ``mask``, as ResNetGenerator does.
The mask starts near 1 everywhere; its mean area is a term of the objective, so that it shrinks to what has to change.
"""

from i2ikit.config.recipes import averages_of, phase_of, translators

AREA = 0.5  # weight of the mean area of a mask, 0..1, beside an adversarial term of weight 1
MASKED = translators(_base_.model, takes="mask")
PHASES = {name: phase_of(_base_.model, f"generators.{name}") for name in MASKED}


def areas(phase):
    """Return the terms of a phase, one for each generator that it updates."""
    names = [name for name in MASKED if PHASES[name] == phase]
    return {f"area_{name}": dict(type="MeanTerm", image=f"{name}({name[0]}).mask", weight=AREA) for name in names}


model = dict(
    generators={name: dict(mask=True, input_skip=True) for name in MASKED},
    averages=averages_of(_base_.model, 0.999),
    phases={phase: dict(terms=areas(phase)) for phase in PHASES.values()},
)
