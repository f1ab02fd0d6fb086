# Photos of horses and zebras as published: resized to 286, cropped to 256, mirrored at random.
data = dict(
    load_size=286,
    crop_size=256,
    batch_size=1,
    workers=2,
    train=dict(
        type="UnpairedFolders",
        root="datasets/horse2zebra",
        split="train",
        transform=dict(type="ResizeCropFlip"),
    ),
    test=dict(
        type="UnpairedFolders",
        root="datasets/horse2zebra",
        split="test",
        serial=True,
        transform=dict(type="ResizeTo"),
    ),
)
