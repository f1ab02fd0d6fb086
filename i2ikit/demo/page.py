"""The page in the browser: an image is dropped, and seen before and after its translation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from i2ikit.demo.desk import KEPT, Desk
from i2ikit.errors import I2IKitError
from i2ikit.images import readable_extensions

TITLE = "i2ikit demo"
HINT = "Drop an image on the left, or choose an example."
HEAD = f"# {TITLE}\nA trained model on your own images. They stay on the machine that runs this page."
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")  # the visitor's own: none is fetched
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")
HEIGHT = 560  # pixels of the images on the page
CSS = """
.gradio-container { max-width: 1180px !important; margin: 0 auto !important; }
#title h1 { font-weight: 650; letter-spacing: -0.015em; margin-bottom: 0; }
#title p, #facts p { color: var(--body-text-color-subdued); margin-top: 0; font-variant-numeric: tabular-nums; }
#seen { min-height: 420px; }
footer .divider { display: none; }
#facts { padding: 0 var(--spacing-sm); }
"""


def build_page(desk: Desk) -> Any:
    """Return the page, not yet served, as Blocks of Gradio.

    Its API has one endpoint, ``/translate``: of a file and the label of a model, the translated file.
    """
    import gradio

    gr: Any = gradio
    labels = list(desk.models.choices)

    def show(file: str | None, label: str) -> tuple[Any, Any, str]:
        if file is None:
            return None, gr.DownloadButton(value=None, interactive=False), HINT
        with shown(gr.Error):
            found = desk.translate(file, label)
        return (found.before, found.after), gr.DownloadButton(value=str(found.file), interactive=True), found.facts

    def translated(file: str | None, label: str) -> str:
        if file is None:
            raise gr.Error("There is no image.", print_exception=False)
        with shown(gr.Error):
            return str(desk.translate(file, label).file)

    def thumbnails(label: str) -> list[list[str]]:
        return [[str(path)] for path in desk.models.choices[label].examples]

    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(KEPT, KEPT)) as page:
        gr.Markdown(HEAD, elem_id="title")
        with gr.Row():
            with gr.Column(scale=2, min_width=280):
                model = gr.Dropdown(labels, value=labels[0], label="Model", interactive=len(labels) > 1)
                upload = gr.File(label="Image", file_types=sorted(readable_extensions()), height=150)
                examples = gr.Dataset(
                    label="Examples",
                    components=[gr.Image(visible=False, type="filepath")],
                    samples=thumbnails(labels[0]),
                    type="index",
                    layout="gallery",
                    visible=bool(thumbnails(labels[0])),
                )
            with gr.Column(scale=5, min_width=320):
                slider = gr.ImageSlider(
                    elem_id="seen",
                    label="Before and after",
                    type="pil",
                    format="png",
                    interactive=False,
                    max_height=HEIGHT,
                    buttons=["fullscreen"],
                )
                with gr.Row(equal_height=True):
                    facts = gr.Markdown(HINT, elem_id="facts")
                    download = gr.DownloadButton(
                        "Download", variant="primary", interactive=False, scale=0, min_width=140
                    )
        hidden = {"api_visibility": "private", "show_progress": "hidden"}
        seen = [slider, download, facts]
        gr.on(
            [upload.change, model.change],
            show,
            [upload, model],
            seen,
            api_visibility="private",
            show_progress_on=slider,
        )
        examples.click(lambda index, label: thumbnails(label)[index][0], [examples, model], upload, **hidden)
        model.change(
            lambda label: gr.Dataset(samples=thumbnails(label), visible=bool(thumbnails(label))),
            model,
            examples,
            **hidden,
        )
        gr.Button(visible=False).click(
            translated, [upload, model], gr.File(visible=False, label="Translation"), api_name="translate"
        )
    return page


@contextmanager
def shown(error_kind: Any) -> Iterator[None]:
    """Turn an error of ours into one that the page shows; the log gets no traceback."""
    try:
        yield
    except I2IKitError as error:
        raise error_kind(str(error), print_exception=False) from None
