"""Fetches a published data set, by download or from an archive that the user has."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from i2ikit.download import Progress, download
from i2ikit.errors import DataError, nearest_hint
from i2ikit.files import alone, cannot_write, expanded, file_hash, folder_atomically, nearest_beside

MIRRORS = (
    "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{name}.zip",
    "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{name}.zip",
    "https://people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets/{name}.zip",
)
SETS = {  # SHA-256 of the archives of CycleGAN's authors, by the name of the set
    "apple2orange": "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8",
    "cezanne2photo": "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff",
    "facades": "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0",
    "horse2zebra": "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1",
    "iphone2dslr_flower": "8fcb5e374d631b107e1d961b8c4cd0a186aa2a4ff3e279923f4c426128de7113",
    "maps": "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e",
    "monet2photo": "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04",
    "summer2winter_yosemite": "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9",
    "ukiyoe2photo": "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08",
    "vangogh2photo": "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff",
}
BY_HAND = {  # sets of the packaged configs that may not be redistributed, or that have no published hash
    "cityscapes": "Its license requires each user to download it from www.cityscapes-dataset.com",
    "cat2dog": "It is made from AFHQ, which is in the StarGAN v2 repository of its authors",
    "grumpifycat": "It comes from efrosgans.eecs.berkeley.edu/CUT/datasets/grumpifycat.zip, for which no hash is known",
}


def fetch(
    name: str,
    folder: str | Path,
    *,
    archive: Path | None = None,
    mirrors: Sequence[str] = (),
    progress: Progress | None = None,
) -> int:
    """Put a published data set into a folder.

    The archive is downloaded next to the folder; an incomplete download is resumed by the next call. Of several calls
    for one set at once, one fetches and the others wait for it.

    Args:
        name: of the set.
        folder: new or empty.
        archive: a zip file that the user has: it is used instead of a download, and kept.
        mirrors: more URLs of the archive, tried first.
        progress: called with the bytes fetched so far and in total.

    Returns:
        the number of files in the folder.

    Raises:
        DataError: there is no such set, the folder is not empty, the archive is not available or not the published one.
    """
    folder = expanded(folder).absolute()
    _refuse_unknown(name)
    if _is_filled(folder):
        raise DataError(f"{folder} is not an empty folder. See what it holds with `i2ikit data check {folder}`.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error, "Name another folder.") from error
    with alone(folder.with_name(f".{name}.lock")):
        if _is_filled(folder):  # by another process
            return sum(path.is_file() for path in folder.rglob("*"))
        if archive is not None:
            _verify(name, archive)
            return _unpack(archive, folder)
        target = folder.with_name(f"{name}.zip")
        _download(name, folder, target, mirrors, progress)
        count = _unpack(target, folder)
        target.unlink()
        return count


def _is_filled(folder: Path) -> bool:
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def _download(name: str, folder: Path, target: Path, mirrors: Sequence[str], progress: Progress | None) -> None:
    published = [mirror.format(name=name) for mirror in MIRRORS]
    try:
        if target.exists():
            _verify(name, target)
        else:
            download([*mirrors, *published], target, sha256=SETS[name], progress=progress)
    except OSError as error:
        raise cannot_write(target, error, "Name another folder.") from error
    except DataError as error:
        raise DataError(
            f"cannot fetch {name}: {error}\nBy hand: on a machine with a network, download {published[0]} (SHA-256 "
            f"{SETS[name]}), copy the file to this machine, and run\n  "
            f"i2ikit data fetch {name} {folder} --from {name}.zip"
        ) from error


def _refuse_unknown(name: str) -> None:
    if name in BY_HAND:
        raise DataError(
            f"{name} has to be downloaded by hand. {BY_HAND[name]}; put its images into trainA, trainB, testA and "
            f"testB, and check them with `i2ikit data check datasets/{name}`."
        )
    if name not in SETS:
        hint = nearest_hint(name, SETS) or f" There are {', '.join(SETS)}."
        raise DataError(f"no data set is called {name!r}.{hint} The embedded one is made by `i2ikit data make`.")


def _verify(name: str, archive: Path) -> None:
    if not archive.is_file():
        raise DataError(f"there is no archive {archive}.{nearest_beside(archive)}")
    if file_hash(archive) != SETS[name]:
        raise DataError(f"{archive} is not the published {name}: its SHA-256 differs. Delete it and fetch it again.")


def _unpack(archive: Path, folder: Path) -> int:
    """Unpack a verified archive into a new folder, without the single folder at its top; return the number of files."""
    try:
        with zipfile.ZipFile(archive) as opened, folder_atomically(folder) as temporary:
            files = [file for file in opened.infolist() if not file.is_dir() and "__MACOSX" not in file.filename]
            in_one_folder = len({file.filename.split("/")[0] for file in files}) == 1
            for file in files:
                file.filename = file.filename.partition("/")[2] if in_one_folder else file.filename
                opened.extract(file, temporary)
    except OSError as error:
        raise DataError(f"{archive} cannot be unpacked to {folder}: {error.strerror or error}") from error
    return len(files)
