"""A foreground mask: generators decide where they change an image; elsewhere it stays exactly as it is.

For objects in front of a background. Each generator that makes an output must take ``mask``, as ResNetGenerator does.
The mask starts near 1 everywhere, so that all of the image learns; the weight of its mean area rises over the first
epochs, and the mask shrinks to what has to change. Terms called ``identity...`` and the input skip are left out: the mask
keeps the colors of what stays; such a term would close it, and with the skip a light object stays light.
docs/recipes.md has what was tried.
"""

from i2ikit.config.recipes import averages_of, phase_of, translators

AREA = dict(type="Linear", start=0.0, end=0.75, first=1, last=5)  # by epoch, beside an adversarial term of weight 1
MASKED = translators(_base_.model, takes="mask")
PHASES = {name: phase_of(_base_.model, f"generators.{name}") for name in MASKED}


def changes(phase):
    """Return the terms of a phase that are new, one for each generator that it updates, and those that are left out."""
    names = [name for name in MASKED if PHASES[name] == phase]
    areas = {f"area_{name}": dict(type="MeanTerm", image=f"{name}({name[0]}).mask", weight=AREA) for name in names}
    return areas | {name: None for name in _base_.model.phases[phase].terms if name.startswith("identity")}


model = dict(
    generators={
        name: dict(mask=True, **dict(input_skip=False) if _base_.model.generators[name].get("input_skip") else {})
        for name in MASKED
    },
    averages=averages_of(_base_.model, 0.999),
    phases={phase: dict(terms=changes(phase)) for phase in PHASES.values()},
)
# A mask that closes changes nothing; the alarm triggers within 500 steps.
alarms = dict(nothing_learned=dict(start=300, every=100))
