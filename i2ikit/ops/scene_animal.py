"""Drawn animals: the build and the pose of a four-legged animal, made of tapered limbs.

Lengths are in trunk lengths, with the origin in the middle of the trunk, x towards the head and y up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import cos, radians, sin

import numpy as np

from i2ikit.ops.scene_limbs import Limb, Point, bounds
from i2ikit.ops.scene_noise import uniform


@dataclass(frozen=True)
class Body:
    """An animal in its pose: layers of limbs from back to front, and where its feet stand."""

    far_legs: tuple[Limb, ...]
    far_hooves: tuple[Limb, ...]
    far_ear: tuple[Limb, ...]
    tail: tuple[Limb, ...]
    tuft: tuple[Limb, ...]
    mane: tuple[Limb, ...]
    trunk: tuple[Limb, ...]
    muzzle: tuple[Limb, ...]
    hooves: tuple[Limb, ...]
    ear: tuple[Limb, ...]
    eye: tuple[Limb, ...]
    nostril: tuple[Limb, ...]
    feet: tuple[Point, ...]

    def layers(self) -> dict[str, tuple[Limb, ...]]:
        """Return the limbs by the name of their layer, from back to front."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "feet"}

    def box(self) -> tuple[float, float, float, float]:
        """Return (left, right, bottom, top)."""
        return bounds([limb for layer in self.layers().values() for limb in layer])


def _leg(hip: Point, foot: Point, *, bend: float, thick: float, hind: bool, stripe: tuple[float, float]) -> list[Limb]:
    """Return thigh, shank and pastern, stripes lying across the leg; ``stripe`` is (phase at the hip, per length)."""
    knee = (hip[0] + 0.55 * (foot[0] - hip[0]) + bend, hip[1] + 0.5 * (foot[1] - hip[1]))
    fetlock = (foot[0] - 0.012, foot[1] + 0.085)
    phase, rate = stripe
    grain = (0.0, rate)
    joint = phase + rate * (knee[1] - hip[1])
    ankle = joint + rate * (fetlock[1] - knee[1])
    top = 0.145 if hind else 0.1
    return [
        Limb(hip, knee, (top * thick, 0.06 * thick), phase, grain),
        Limb(knee, fetlock, (0.054 * thick, 0.038 * thick), joint, grain),
        Limb(fetlock, foot, (0.042 * thick, 0.044 * thick), ankle, grain),
    ]


def _hoof(leg: Sequence[Limb]) -> Limb:
    foot, radius = leg[-1].end, leg[-1].radii[1]
    return Limb((foot[0] + 0.004, foot[1] + 0.012), (foot[0] + 0.02, foot[1] - 0.012), (radius, radius * 1.12))


def _turned(point: Point, angle: float, length: float) -> Point:
    return point[0] + length * cos(angle), point[1] + length * sin(angle)


def animal(rng: np.random.Generator, rate: float) -> Body:
    """Draw the pose and build of an animal.

    Args:
        rng: where the pose is drawn from.
        rate: stripes per trunk length on the trunk, > 0; neck and legs have slightly narrower ones.
    """
    thick = uniform(rng, 0.92, 1.12)
    depth = 0.205 * uniform(rng, 0.94, 1.12)
    ground = -(depth + uniform(rng, 0.36, 0.46))
    sag = uniform(rng, -0.02, 0.015)
    rump, middle, chest = (-0.29, uniform(rng, 0.0, 0.035)), (0.0, sag - 0.01), (0.28, uniform(rng, 0.0, 0.03))
    start = uniform(rng, 0.0, 1.0)
    lean = radians(uniform(rng, 18, 42))  # stripes sweep back over the haunch
    at_rump = start - rate * (middle[0] - rump[0]) * cos(lean)
    back = Limb(rump, middle, (depth * 1.05, depth), at_rump, (rate * cos(lean), rate * sin(lean)))
    front = Limb(middle, chest, (depth, depth * 1.0), start, (rate, 0.03 * rate))

    grazing = rng.random() < 0.16
    raise_ = radians(uniform(rng, -50, -36) if grazing else uniform(rng, 24, 64))
    neck_length = uniform(rng, 0.4, 0.5) * (1.12 if grazing else 1.0)
    base = (0.31, 0.03 if grazing else 0.085)
    poll = _turned(base, raise_, neck_length)
    neck_rate = rate * 1.12
    neck = Limb(base, poll, (0.165 * thick, 0.088), front.phase_at(base), _turned((0, 0), raise_, neck_rate))
    tilt = raise_ - radians(uniform(rng, 22, 36)) if grazing else radians(uniform(rng, -48, -24))
    nose = _turned(poll, tilt, uniform(rng, 0.25, 0.29))
    head_rate = rate * 1.3
    head = Limb(poll, nose, (0.086, 0.05), neck.phase_at(poll), _turned((0, 0), tilt, head_rate))
    jaw = Limb(
        _turned(poll, tilt - 0.5, 0.05),
        _turned(poll, tilt - 0.25, 0.15),
        (0.07, 0.045),
        head.phase_at(poll),
        head.grain,
    )

    def pair(hip: Point, hind: bool, phase: float, far: bool) -> list[Limb]:
        lift = 0.028 if far else 0.0
        swing = uniform(rng, -0.13, 0.13)
        bend = uniform(rng, -0.045, -0.012) if hind else uniform(rng, 0.0, 0.03)
        return _leg(
            hip,
            (hip[0] + swing, ground + lift),
            bend=bend,
            thick=thick * (0.92 if far else 1.0),
            hind=hind,
            stripe=(phase, rate * 1.15),
        )

    hind_hip, fore_hip = (-0.33, -0.03), (0.29, -0.07)
    hind_phase, fore_phase = back.phase_at(hind_hip), front.phase_at(fore_hip)
    near = [pair(hind_hip, True, hind_phase, False), pair(fore_hip, False, fore_phase, False)]
    far = [pair((-0.25, -0.05), True, hind_phase + 0.3, True), pair((0.36, -0.06), False, fore_phase + 0.4, True)]

    dock = (rump[0] - depth * 0.92, rump[1] + depth * 0.42)
    flick = uniform(rng, -0.05, 0.12)
    bow, tip = (dock[0] - 0.07, dock[1] - 0.12), (dock[0] - 0.06 - flick, dock[1] - 0.3)
    end = (tip[0] - flick * 0.3 + 0.01, tip[1] - 0.15)
    tail = (
        Limb(dock, bow, (0.032, 0.026), 0.0, (0.0, rate * 1.5)),
        Limb(bow, tip, (0.026, 0.024), 0.5, (0.0, rate * 1.5)),
    )

    up = raise_ + radians(90)
    crest = 0.06
    mane = (
        Limb(
            _turned(base, up, 0.135 * thick), _turned(poll, up, 0.07), (0.035, crest), neck.phase_at(base), neck.grain
        ),
        Limb(
            _turned(poll, up, 0.07), _turned(poll, tilt + 0.75, 0.085), (crest, 0.025), neck.phase_at(poll), neck.grain
        ),
    )
    ear_turn = tilt + radians(uniform(rng, 108, 128))
    ear_root = _turned(poll, tilt + radians(95), 0.06)
    ear = Limb(ear_root, _turned(ear_root, ear_turn, 0.095), (0.034, 0.012))
    other_root = _turned(ear_root, tilt, 0.045)
    other = Limb(other_root, _turned(other_root, ear_turn - 0.35, 0.09), (0.032, 0.012))
    eye = _turned(_turned(poll, tilt, 0.075), tilt + radians(90), 0.03)
    nostril = _turned(_turned(nose, tilt, 0.024), tilt + radians(90), 0.012)
    return Body(
        far_legs=tuple(limb for leg in far for limb in leg),
        far_hooves=tuple(map(_hoof, far)),
        tail=tail,
        tuft=(
            Limb(tip, end, (0.034, 0.05 + 0.01 * flick)),
            Limb(end, _turned(end, radians(-95), 0.06), (0.046, 0.012)),
        ),
        mane=mane,
        far_ear=(other,),
        trunk=(back, front, neck, head, jaw, *near[0], *near[1]),
        hooves=tuple(map(_hoof, near)),
        muzzle=(Limb(_turned(nose, tilt, -0.03), nose, (0.05, 0.054)),),
        ear=(ear,),
        eye=(Limb(eye, _turned(eye, tilt, 0.012), (0.02, 0.018)),),
        nostril=(Limb(nostril, _turned(nostril, tilt, 0.01), (0.011, 0.009)),),
        feet=tuple(leg[-1].end for leg in (*near, *far)),
    )
