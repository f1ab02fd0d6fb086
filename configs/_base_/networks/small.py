# Small networks for images of 64 pixels, which train in minutes on a CPU. The input skip keeps the colors in a short
# run. These names set nothing by themselves: a config reads what it needs, such as _base_.SMALL_GENERATOR.
SMALL_GENERATOR = dict(filters=16, blocks=4, antialias_down=False, init="normal", input_skip=True)
SMALL_DISCRIMINATOR = dict(filters=32, antialias=False, init="normal")
SMALL_TAPS = ["down1", "down2", "block1", "block3"]
SMALL_HEAD = dict(taps=SMALL_TAPS, dim=64)
SMALL_DISCRIMINATE = dict(optimizer=dict(lr=1e-4))  # half of the generator's rate

# For methods that pair stages of the encoder with stages of the decoder: (key: encoder, query: decoder).
SMALL_PAIRS = [("stem", "up2"), ("down1", "up1"), ("block1", "block3")]
SMALL_PAIRED_HEAD = dict(taps=[key for key, _ in SMALL_PAIRS], dim=64)
