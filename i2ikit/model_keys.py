"""The keys of a model's config: one list for what builds it, what checks it, and what ``--set`` may set."""

NETWORKS = ("generators", "discriminators", "heads", "extractors", "averages")
MODEL = ("type", *NETWORKS, "views", "images", "outputs", "phases")
PHASE = ("update", "terms", "optimizer", "groups", "before")
AVERAGE = ("of", "momentum", "init")
TERM = ("weight", "stream")  # of every term, whatever its class takes
VIEW = ("stream", "at_test")  # of every view, whatever its class takes
DISCRIMINATOR = ("augment",)  # of every discriminator: a view in front of it
HEAD = ("of", "taps")  # of every head that is made for features of a generator
