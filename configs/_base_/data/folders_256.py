# Two folders of images as published: resized to 286, cropped to 256, mirrored at random; tests are resized to 256.
data = dict(
    load_size=286,
    crop_size=256,
    batch_size=1,
    workers=2,
    train=dict(type="UnpairedFolders", split="train", transform=dict(type="ResizeCropFlip")),
    test=dict(type="UnpairedFolders", split="test", pairing="serial", transform=dict(type="Resize")),
)
metrics = dict(
    fid=dict(type="FID"),
    kid=dict(type="KID"),
    wasserstein=dict(type="SlicedWasserstein"),
    content=dict(type="ContentPreservation"),
    diversity=dict(type="Diversity"),
)
