# The embedded data set: made on the fly, nothing to download; its test split is paired and has masks.
_base_ = "../run.py"

data = dict(
    load_size=64,
    crop_size=64,
    batch_size=1,
    workers=0,
    train=dict(type="Stripes", split="train", transform=dict(type="ResizeCropFlip")),
    test=dict(type="Stripes", split="test", transform=dict(type="Resize")),
)
train = dict(steps=6000)
schedule = dict(type="StepwiseLinearDecay", start=0.5)
samples = dict(every=500, count=8)
checkpoint = dict(every=1000, keep=3)
# "Real b" of the measurement: scenes of another seed, independent of those that are translated.
REFERENCE = dict(type="Stripes", split="test", seed=1, load_size=64)
metrics = dict(
    wasserstein=dict(type="SlicedWasserstein", reference_dataset=REFERENCE),
    background=dict(type="BackgroundPSNR"),
    appearance=dict(type="MaskedAppearance"),
    truth=dict(type="PairedPatchDistance"),
    pixels=dict(type="PSNR"),
    structure=dict(type="SSIM"),
    content=dict(type="ContentPreservation"),
    diversity=dict(type="Diversity"),
)
evaluation = dict(every=1000, metric="wasserstein.ratio")
