"""The published data sets: where they lie, and what their archives hash to."""

from dataclasses import dataclass

from i2ikit.errors import DataError, nearest_hint

MIRRORS = (
    "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{name}.zip",
    "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{name}.zip",
    "https://people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets/{name}.zip",
)


@dataclass(frozen=True)
class PublishedSet:
    """One archive of CycleGAN's authors.

    Attributes:
        name: of the set.
        bytes: of the archive.
        sha256: of the archive, in hexadecimal.
    """

    name: str
    bytes: int
    sha256: str

    def addresses(self) -> list[str]:
        """Return where the archive lies, the best place first."""
        return [mirror.format(name=self.name) for mirror in MIRRORS]


_ARCHIVES = {
    "apple2orange": (78456409, "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8"),
    "cezanne2photo": (279885071, "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff"),
    "facades": (35135868, "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0"),
    "horse2zebra": (116867962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"),
    "iphone2dslr_flower": (339964458, "8fcb5e374d631b107e1d961b8c4cd0a186aa2a4ff3e279923f4c426128de7113"),
    "maps": (1476754427, "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e"),
    "monet2photo": (305231073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04"),
    "summer2winter_yosemite": (132640856, "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9"),
    "ukiyoe2photo": (292946532, "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08"),
    "vangogh2photo": (306590349, "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff"),
}
BY_HAND = {  # sets of the packaged configs that nobody may pass on, or that have no published hash
    "cityscapes": "Its license lets each user fetch it alone, from www.cityscapes-dataset.com",
    "cat2dog": "It is made from AFHQ, which the StarGAN v2 repository of its authors gives",
    "grumpifycat": "It comes from efrosgans.eecs.berkeley.edu/CUT/datasets/grumpifycat.zip, for which no hash is known",
}
SETS = {name: PublishedSet(name, *about) for name, about in _ARCHIVES.items()}


def find_set(name: str) -> PublishedSet:
    """Return a published set by name.

    Raises:
        DataError: there is none; the message has those that there are.
    """
    if name in BY_HAND:
        raise DataError(
            f"{name} has to be fetched by hand. {BY_HAND[name]}; put its images into trainA, trainB, testA and "
            f"testB, and look at them with `i2ikit data check datasets/{name}`."
        )
    if name not in SETS:
        hint = nearest_hint(name, SETS) or f" There are {', '.join(SETS)}."
        raise DataError(f"no data set is called {name!r}.{hint} What has to be drawn is made: `i2ikit data make`.")
    return SETS[name]
