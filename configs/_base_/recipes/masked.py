"""A foreground mask: generators decide where they change an image; elsewhere it stays exactly as it is.

For objects in front of a background. Each generator that makes an output must take ``mask``, as ResNetGenerator does.
The mask starts near 1 everywhere, so that all of the image learns; the weight of its mean area rises over the first
epochs, and the mask shrinks to what has to change. Terms called ``identity...`` are left out: the mask keeps the colors
of what stays, and such a term would close it. So is the input skip, with which a light object stays light; but where
one generator inverts another, the skip keeps the mask open. docs/recipes.md has what was tried.
"""

from i2ikit.config.recipes import averages_of, phase_of, translators

AREA = dict(type="Linear", start=0.0, end=0.75, first=1, last=5)  # by epoch, beside an adversarial term of weight 1
MASKED = translators(_base_.model, takes="mask")
PHASES = {name: phase_of(_base_.model, f"generators.{name}") for name in MASKED}
CYCLE = any(f"{one}({other}(" in str(_base_.model.phases) for one in MASKED for other in MASKED)  # such as ba(ab(a))


def masked(part):
    """Return what changes in a generator."""
    return dict(mask=True, input_skip=CYCLE) if CYCLE or part.get("input_skip") else dict(mask=True)


def changes(phase):
    """Return the terms of a phase that are new, one for each generator that it updates, and those that are left out."""
    names = [name for name in MASKED if PHASES[name] == phase]
    areas = {f"area_{name}": dict(type="MeanTerm", image=f"{name}({name[0]}).mask", weight=AREA) for name in names}
    return areas | {name: None for name in _base_.model.phases[phase].terms if name.startswith("identity")}


model = dict(
    generators={name: masked(_base_.model.generators[name]) for name in MASKED},
    averages=averages_of(_base_.model, 0.999),
    phases={phase: dict(terms=changes(phase)) for phase in PHASES.values()},
)
# A mask that closes changes nothing; the alarm needs three checks in a row.
alarms = dict(nothing_learned=dict(start=300, every=100))
