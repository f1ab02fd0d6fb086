# FastCUT on the embedded data set, in minutes on a CPU: small networks, and an input skip that keeps the colours.
_base_ = ["../_base_/methods/fastcut.py", "../_base_/data/stripes.py"]

TAPS = ["stem", "down1", "down2", "block1", "block3"]

model = dict(
    generators=dict(ab=dict(filters=24, blocks=4, init="normal", input_skip=True)),
    discriminators=dict(b=dict(filters=32, init="normal")),
    heads=dict(f=dict(taps=TAPS, dim=64)),
    phases=dict(generate=dict(terms=dict(content=dict(taps=TAPS)))),
)
