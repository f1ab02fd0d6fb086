# One painting of the cliffs of Etretat and one photo of them: crops of 64, zoomed at random; tested on the full image.
ROOT = "datasets/single_image_monet_etretat"

data = dict(
    crop_size=64,
    batch_size=16,
    workers=2,
    train=dict(type="SingleImagePair", root=ROOT),
    test=dict(
        type="UnpairedFolders",
        root=ROOT,
        split="train",
        pairing="serial",
        transform=dict(type="ResizeToMultiple", multiple=4),
    ),
)
