"""Take screenshots of an HTML report, light, dark and narrow: `python tools/screenshots.py PAGE PREFIX`."""

import io
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

VIEWS = {"light": (1200, 1250, "light"), "dark": (1200, 1250, "dark"), "narrow": (390, 1250, "light")}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def take_screenshots(page: Path, prefix: str) -> list[Path]:
    """Write ``PREFIX_light.png``, ``PREFIX_dark.png`` and ``PREFIX_narrow.png`` of the top of a page.

    Args:
        page: a file.
        prefix: path that the names begin with.
    """
    written = []
    with sync_playwright() as driver:
        executable = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for name, (width, height, scheme) in VIEWS.items():
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            tab = context.new_page()
            tab.goto(page.absolute().as_uri())
            tab.wait_for_function("[...document.images].every(image => image.complete)")
            shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
            written.append(Path(f"{prefix}_{name}.png"))
            colors = shot.quantize(256, kmeans=3)
            shot.quantize(palette=colors, dither=Image.Dither.NONE).save(written[-1], optimize=True)
            context.close()
        browser.close()
    return written


def main(arguments: Sequence[str]) -> int:
    """Run the program."""
    if len(arguments) != 2:
        print((__doc__ or "").strip())
        return 2
    page, prefix = arguments
    if not Path(page).is_file():
        print(f"there is no page {page}: make one with `i2ikit report WORK_DIR`")
        return 2
    for path in take_screenshots(Path(page), prefix):
        print(f"{path} ({path.stat().st_size / 1024:.0f} KiB)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
