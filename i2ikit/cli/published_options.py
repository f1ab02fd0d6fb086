"""The options of the published code of CycleGAN and CUT, and what does the same here."""

ANSWERS = {
    "lr": "--set optimizer.lr=VALUE",
    "beta1": "--set optimizer.betas=[VALUE,0.999]",
    "epochs": "--set train.epochs=N",
    "steps": "--set train.steps=N",
    "n-epochs": "--set schedule.constant=N, and train.epochs for the sum of both",
    "niter": "--set schedule.constant=N, and train.epochs for the sum of both",
    "n-epochs-decay": "--set schedule.decay=N, and train.epochs for the sum of both",
    "niter-decay": "--set schedule.decay=N, and train.epochs for the sum of both",
    "batch-size": "--set data.batch_size=N",
    "batch": "--set data.batch_size=N",
    "load-size": "--set data.load_size=N",
    "loadsize": "--set data.load_size=N",
    "crop-size": "--set data.crop_size=N",
    "finesize": "--set data.crop_size=N",
    "num-threads": "--set data.workers=N",
    "nthreads": "--set data.workers=N",
    "workers": "--set data.workers=N",
    "input-nc": "--set data.channels=N",
    "direction": "--set data.train.direction=BtoA --set data.test.direction=BtoA",
    "print-freq": "--set log.every=STEPS",
    "display-freq": "--set samples.every=STEPS",
    "save-latest-freq": "--set checkpoint.every=STEPS",
    "save-epoch-freq": "--set checkpoint.every=STEPS",
    "dataroot": "--data DIR",
    "checkpoints-dir": "--work-dir DIR",
    "name": "--work-dir DIR",
    "continue-train": "--resume",
    "gpu-ids": "--device cuda:0",
    "gpu": "--device cuda:0",
    "model": "the name of a config, such as cut/horse2zebra",
}


def answer(option: str) -> str:
    """Return a sentence with what an option of the published code is here, or an empty string."""
    found = ANSWERS.get(option.lstrip("-").replace("_", "-").lower())
    return f" Here it is {found}." if found else ""
