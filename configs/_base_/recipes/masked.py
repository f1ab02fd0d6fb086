"""A foreground mask: generators decide where they change an image; elsewhere it stays exactly as it is.

For objects in front of a background. Each generator that makes an output must take ``mask``, as ResNetGenerator does.
The mask starts near 1 everywhere, so that all of the image learns; the weight of its mean area rises over the first
epochs, and the mask shrinks to what has to change. Terms with ``identity`` in their name are left out, also those of
other phases, such as ``against_identity``: the mask keeps the colors of what stays, and such a term would close it. The
input skip is left out too: with it a light object stays light. Terms on images that return, such as ba(ab(a)), get a
tenth of their weight, unless it follows a schedule: a closed mask minimizes them, too. docs/recipes.md has what was
tried.
"""

import re

from i2ikit.config.recipes import averages_of, phase_of, translators

AREA = dict(type="Linear", start=0.0, end=0.75, first=1, last=5)  # by epoch, beside an adversarial term of weight 1
MASKED = translators(_base_.model, takes="mask")
PHASES = {name: phase_of(_base_.model, f"generators.{name}") for name in MASKED}
ROUND_TRIP = re.compile("|".join(rf"\b{one}\([^'\"]*\b{two}\(" for one in MASKED for two in MASKED))


def changes(phase):
    """Return the terms of a phase that are new, one for each generator that it updates, lighter, or left out."""
    terms = {name: term for name, term in _base_.model.phases[phase].terms.items() if term}
    left_out = {name: None for name in terms if "identity" in name}
    if phase not in PHASES.values():
        return left_out
    names = [name for name in MASKED if PHASES[name] == phase]
    areas = {f"area_{name}": dict(type="MeanTerm", image=f"{name}({name[0]}).mask", weight=AREA) for name in names}
    weights = {name: term.get("weight", 1.0) for name, term in terms.items() if ROUND_TRIP.search(str(term))}
    lighter = {name: dict(weight=0.1 * each) for name, each in weights.items() if isinstance(each, (int, float))}
    return areas | lighter | left_out


model = dict(
    generators={
        name: dict(mask=True, input_skip=False) if _base_.model.generators[name].get("input_skip") else dict(mask=True)
        for name in MASKED
    },
    averages=averages_of(_base_.model, 0.999),
    phases={phase: dict(terms=changes(phase)) for phase, config in _base_.model.phases.items() if config},
)
# A mask that closes changes nothing; the alarm needs three checks in a row.
alarms = dict(nothing_learned=dict(start=300, every=100))
