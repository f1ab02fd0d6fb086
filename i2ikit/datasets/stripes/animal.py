"""Rendered animals: the build and the pose of a four-legged animal, made of tapered limbs.

Lengths are in trunk lengths, with the origin in the middle of the trunk, x towards the head and y up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from i2ikit.datasets.stripes.limbs import Box, Limb, Point, bounds
from i2ikit.datasets.stripes.noise import uniform


@dataclass(frozen=True)
class Body:
    """An animal in its pose.

    Attributes:
        layers: the limbs by the name of their layer, from back to front.
        feet: positions of the feet.
    """

    layers: dict[str, tuple[Limb, ...]]
    feet: tuple[Point, ...]

    def box(self) -> Box:
        """Return (left, right, bottom, top)."""
        return bounds([limb for layer in self.layers.values() for limb in layer])


@dataclass(frozen=True)
class _Front:
    """Neck and head, with their directions in radians, 0 being forwards and up being positive."""

    neck: Limb
    head: Limb
    jaw: Limb
    neck_angle: float
    head_angle: float


def _turned(point: Point, angle: float, length: float) -> Point:
    return point[0] + length * cos(angle), point[1] + length * sin(angle)


def _trunk(rng: np.random.Generator, depth: float, rate: float) -> tuple[Limb, Limb]:
    """Return the back and the front half of the trunk."""
    middle = (0.0, uniform(rng, -0.03, 0.005))
    rump, chest = (-0.29, uniform(rng, 0.0, 0.035)), (0.28, uniform(rng, 0.0, 0.03))
    start = uniform(rng, 0.0, 1.0)
    lean = radians(uniform(rng, 18, 42))  # stripes sweep back over the haunch
    grain = _turned((0, 0), lean, rate)
    at_rump = start - grain[0] * (middle[0] - rump[0]) - grain[1] * (middle[1] - rump[1])
    back = Limb(rump, middle, (depth * 1.05, depth), at_rump, grain)
    return back, Limb(middle, chest, (depth, depth), start, (rate, 0.03 * rate))


def _front(rng: np.random.Generator, thick: float, chest: Limb, rate: float) -> _Front:
    """Return neck and head, raised or, one time in six, down at the grass."""
    grazing = rng.random() < 0.16
    neck_angle = radians(uniform(rng, -50, -36) if grazing else uniform(rng, 24, 64))
    base = (0.31, 0.03 if grazing else 0.085)
    poll = _turned(base, neck_angle, uniform(rng, 0.4, 0.5) * (1.12 if grazing else 1.0))
    neck = Limb(base, poll, (0.165 * thick, 0.088), chest.phase_at(base), _turned((0, 0), neck_angle, rate * 1.12))
    head_angle = neck_angle - radians(uniform(rng, 22, 36)) if grazing else radians(uniform(rng, -48, -24))
    nose = _turned(poll, head_angle, uniform(rng, 0.25, 0.29))
    head = Limb(poll, nose, (0.086, 0.05), neck.phase_at(poll), _turned((0, 0), head_angle, rate * 1.3))
    cheek, chin = _turned(poll, head_angle - 0.5, 0.05), _turned(poll, head_angle - 0.25, 0.15)
    return _Front(neck, head, Limb(cheek, chin, (0.07, 0.045), head.phase, head.grain), neck_angle, head_angle)


def _mane(front: _Front, thick: float) -> tuple[Limb, Limb]:
    """Return the crest of the neck and the forelock."""
    neck, up = front.neck, front.neck_angle + radians(90)
    withers, crown = _turned(neck.start, up, 0.135 * thick), _turned(neck.end, up, 0.07)
    forelock = _turned(neck.end, front.head_angle + 0.75, 0.085)
    return (
        Limb(withers, crown, (0.035, 0.06), neck.phase, neck.grain),
        Limb(crown, forelock, (0.06, 0.025), neck.phase_at(neck.end), neck.grain),
    )


def _ears(rng: np.random.Generator, front: _Front) -> tuple[Limb, Limb]:
    """Return the near and the far ear."""
    tilt = front.head_angle
    turn = tilt + radians(uniform(rng, 108, 128))
    root = _turned(front.head.start, tilt + radians(95), 0.06)
    other = _turned(root, tilt, 0.045)
    return (
        Limb(root, _turned(root, turn, 0.095), (0.034, 0.012)),
        Limb(other, _turned(other, turn - 0.35, 0.09), (0.032, 0.012)),
    )


def _face(front: _Front) -> tuple[Limb, Limb, Limb]:
    """Return muzzle, eye and nostril."""
    tilt, poll, nose = front.head_angle, front.head.start, front.head.end
    up = tilt + radians(90)
    eye = _turned(_turned(poll, tilt, 0.075), up, 0.03)
    nostril = _turned(_turned(nose, tilt, 0.024), up, 0.012)
    return (
        Limb(_turned(nose, tilt, -0.03), nose, (0.05, 0.054)),
        Limb(eye, _turned(eye, tilt, 0.012), (0.02, 0.018)),
        Limb(nostril, _turned(nostril, tilt, 0.01), (0.011, 0.009)),
    )


def _leg(
    rng: np.random.Generator, hip: Point, ground: float, thick: float, *, hind: bool, phase: float, rate: float
) -> tuple[Limb, ...]:
    """Return thigh, shank and pastern of a leg in mid-stride; the stripes, counted from the hip, cross it."""
    foot = (hip[0] + uniform(rng, -0.13, 0.13), ground)
    bend = uniform(rng, -0.045, -0.012) if hind else uniform(rng, 0.0, 0.03)
    knee = (hip[0] + 0.55 * (foot[0] - hip[0]) + bend, hip[1] + 0.5 * (foot[1] - hip[1]))
    fetlock = (foot[0] - 0.012, foot[1] + 0.085)
    grain = (0.0, rate)
    thigh = Limb(hip, knee, ((0.145 if hind else 0.1) * thick, 0.06 * thick), phase, grain)
    shank = Limb(knee, fetlock, (0.054 * thick, 0.038 * thick), thigh.phase_at(knee), grain)
    return thigh, shank, Limb(fetlock, foot, (0.042 * thick, 0.044 * thick), thigh.phase_at(fetlock), grain)


def _hoof(leg: Sequence[Limb]) -> Limb:
    foot, radius = leg[-1].end, leg[-1].radii[1]
    return Limb((foot[0] + 0.004, foot[1] + 0.012), (foot[0] + 0.02, foot[1] - 0.012), (radius, radius * 1.12))


def _tail(rng: np.random.Generator, rump: Point, depth: float, rate: float) -> list[tuple[Limb, ...]]:
    """Return the tail and the tuft at its end."""
    dock = (rump[0] - depth * 0.92, rump[1] + depth * 0.42)
    flick = uniform(rng, -0.05, 0.12)
    bow, tip = (dock[0] - 0.07, dock[1] - 0.12), (dock[0] - 0.06 - flick, dock[1] - 0.3)
    end = (tip[0] - flick * 0.3 + 0.01, tip[1] - 0.15)
    grain = (0.0, rate * 1.5)
    return [
        (Limb(dock, bow, (0.032, 0.026), 0.0, grain), Limb(bow, tip, (0.026, 0.024), 0.5, grain)),
        (Limb(tip, end, (0.034, 0.05 + 0.01 * flick)), Limb(end, _turned(end, radians(-95), 0.06), (0.046, 0.012))),
    ]


def animal(rng: np.random.Generator, rate: float) -> Body:
    """Render the build and the pose of an animal.

    Args:
        rng: random numbers.
        rate: stripes per trunk length on the trunk, > 0; those on neck, legs and head are a little narrower.
    """
    thick = uniform(rng, 0.92, 1.12)
    depth = 0.205 * uniform(rng, 0.94, 1.12)
    ground = -(depth + uniform(rng, 0.36, 0.46))
    back, chest = _trunk(rng, depth, rate)
    front = _front(rng, thick, chest, rate)

    def leg(hip: Point, *, hind: bool, far: bool) -> tuple[Limb, ...]:
        phase = (back if hind else chest).phase_at(hip)
        build, floor = (thick * 0.92, ground + 0.028) if far else (thick, ground)
        return _leg(rng, hip, floor, build, hind=hind, phase=phase, rate=rate * 1.15)

    near = leg((-0.33, -0.03), hind=True, far=False), leg((0.29, -0.07), hind=False, far=False)
    far = leg((-0.25, -0.05), hind=True, far=True), leg((0.36, -0.06), hind=False, far=True)
    tail, tuft = _tail(rng, back.start, depth, rate)
    ear, far_ear = _ears(rng, front)
    muzzle, eye, nostril = _face(front)
    layers = {
        "far_legs": (*far[0], *far[1]),
        "far_hooves": tuple(map(_hoof, far)),
        "far_ear": (far_ear,),
        "tail": tail,
        "tuft": tuft,
        "mane": _mane(front, thick),
        "trunk": (back, chest, front.neck, front.head, front.jaw, *near[0], *near[1]),
        "muzzle": (muzzle,),
        "hooves": tuple(map(_hoof, near)),
        "ear": (ear,),
        "eye": (eye,),
        "nostril": (nostril,),
    }
    return Body(layers, feet=tuple(limbs[-1].end for limbs in (*near, *far)))
