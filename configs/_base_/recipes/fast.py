"""Shorter steps and a better start: bf16 where the machine has it, images that grow, a warm-up, averages.

Images begin at a quarter or half of ``data.crop_size``, not below 32 pixels, and have the full size from half of the
run on; networks that are made for one size train at that size only. A discriminator for images of at most 64 pixels has
two layers. The rate rises during the first 2 % of the run.
"""

from i2ikit.config.recipes import averages_of
from i2ikit.environment import gains_from_bf16

SMALLEST = 32  # pixels of a side
GROWTH = {4: 0.2, 2: 0.5}  # sides are divided by 4 in the first fifth of the run, then by 2 until half of it
SHALLOW = 64  # pixels of a side, at most
WARMUP = 0.02  # of the run
SIDE = _base_.get("data", {}).get("crop_size") or 0
FIXED = any("size" in part for kind in ("generators", "discriminators") for part in _base_.model[kind].values() if part)
JUDGES = {name: part for name, part in _base_.model.discriminators.items() if part}
RATE = _base_.get("schedule") or {}
PRECISION = _base_.get("train", {}).get("precision", "fp32")


def growth():
    """Return the stages that the images have room for."""
    return [[by, part] for by, part in GROWTH.items() if not FIXED and SIDE % (4 * by) == 0 and SIDE // by >= SMALLEST]


def warmed_up():
    """Return the schedule with a warm-up; one that has it, or that has no place for it, stays as it is."""
    if RATE.get("warmup") or RATE.get("type") not in ("StepwiseLinearDecay", "LinearDecay", "LinearDecayToZero"):
        return RATE or None
    if RATE.type == "StepwiseLinearDecay":
        return dict(warmup=WARMUP)
    return dict(type="LinearDecay", warmup=min(RATE.constant, max(1, round(WARMUP * (RATE.constant + RATE.decay)))))


model = dict(
    discriminators={
        name: dict(layers=2)
        for name, part in JUDGES.items()
        if 0 < SIDE <= SHALLOW and part.type == "PatchGANDiscriminator" and part.get("layers", 3) > 2
    },
    averages=averages_of(_base_.model, 0.999),
)
data = dict(progressive=growth())
train = dict(precision="bf16") if PRECISION == "fp32" and gains_from_bf16() else {}
schedule = warmed_up()
