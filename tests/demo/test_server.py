import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from i2ikit.demo.server import serve
from i2ikit.errors import I2IKitError
from i2ikit.extras import MissingExtraError
from tests.demo.conftest import load

pytestmark = pytest.mark.slow


def status(address: str | urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_api_translates_a_file(served: str, tmp_path: Path):
    from gradio_client import Client, handle_file

    Image.effect_noise((30, 20), 60).convert("RGB").save(tmp_path / "in.png")
    client = Client(served, verbose=False, download_files=str(tmp_path / "answers"))
    found = client.predict(handle_file(str(tmp_path / "in.png")), "horses: b to a", api_name="/translate")
    with Image.open(found) as output:
        assert (output.format, output.size) == ("PNG", (30, 20))
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/translate"]


def test_the_api_answers_bad_uploads_with_the_reason(served: str, tmp_path: Path):
    from gradio_client import Client, handle_file
    from gradio_client.exceptions import AppError

    (tmp_path / "note.png").write_text("hello")
    client = Client(served, verbose=False)
    with pytest.raises(AppError, match=r"^note\.png is not an image in a known format"):
        client.predict(handle_file(str(tmp_path / "note.png")), "horses: a to b", api_name="/translate")
    Image.new("RGB", (300, 300)).save(tmp_path / "large.png")
    with pytest.raises(AppError, match=r"300 x 300 pixels, more than the 0\.05 megapixels"):
        client.predict(handle_file(str(tmp_path / "large.png")), "horses: a to b", api_name="/translate")


def test_an_upload_beyond_the_limit_is_cut_off_by_the_server(served: str):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        + bytes(2**21)
        + b"\r\n--x--\r\n"
    )
    request = urllib.request.Request(
        f"{served}gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert status(request) == 413
    assert status(served) == 200


def test_no_other_file_of_the_machine_is_served(served: str, tmp_path: Path):
    (tmp_path / "secret.txt").write_text("secret")
    for path in ("/etc/passwd", Path(__file__), Path.cwd() / "README.md", tmp_path / "secret.txt"):
        assert status(f"{served}gradio_api/file={path}") == 403


def test_the_browser_is_told_to_load_nothing_from_elsewhere(served: str):
    with urllib.request.urlopen(served) as answer:
        policy, html = answer.headers["content-security-policy"], answer.read().decode()
    assert policy == "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"
    assert "fonts.googleapis.com" not in html


def test_only_this_machine_reaches_the_page(served: str):
    port = int(served.rstrip("/").rpartition(":")[2])
    assert served.startswith("http://127.0.0.1:")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), timeout=2):
        pass


def test_a_port_that_is_taken_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        message = rf"cannot listen at 127\.0\.0\.1, port {port}: Address already in use\. Choose another one: --port N"
        with pytest.raises(I2IKitError, match=message), serve([tmp_path / "x.pt"], load, port=port):
            pass


def test_an_address_of_another_machine_is_named(tmp_path: Path):
    message = r"cannot listen at 192\.0\.2\.1: .*\. Choose another one: --host ADDRESS"
    with pytest.raises(I2IKitError, match=message), serve([tmp_path / "x.pt"], load, host="192.0.2.1"):
        pass
    message = r"cannot listen at \.\., port 7999: .*\. Choose another one: --host ADDRESS"
    with pytest.raises(I2IKitError, match=message), serve([tmp_path / "x.pt"], load, host="..", port=7999):
        pass


def test_gradio_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None)
    with (
        pytest.raises(MissingExtraError, match=r"the demo page needs gradio: pip install 'i2ikit\[demo\]'"),
        serve([tmp_path / "x.pt"], load),
    ):
        pass


def test_gradio_reports_nothing_to_anybody(served: str):
    with urllib.request.urlopen(f"{served}config") as answer:
        assert json.load(answer)["analytics_enabled"] is False
