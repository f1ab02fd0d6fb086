"""The command line : start-up, exit codes, errors, commands of plugins."""

import errno
import subprocess
import sys

import pytest
import typer

from i2ikit.cli.app import app, with_home
from i2ikit.errors import I2IKitError, RunError
from i2ikit.plugin import PluginInfo, get_manager
from i2ikit.version import __version__

HEAVY = ("torch", "torchvision", "mmengine", "numpy", "PIL", "yaml", "rich")


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "i2ikit", *arguments], capture_output=True, text=True)


def test_help_lists_every_command():
    done = start("--help")
    assert done.returncode == 0
    for command in ("train", "translate", "config", "check", "list", "show", "plugins", "data"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["data", "--help"], ["data", "make", "--help"]])
def test_the_help_of_each_command_is_one_sentence_that_fits(arguments, run):
    commands = run(*arguments).out.partition("Commands:")[2].partition("Exit codes:")[0].strip().splitlines()
    assert commands
    assert [line for line in commands if not line.rstrip().endswith(".") or line.rstrip().endswith("...")] == []


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    program = f"""
import sys
from i2ikit.cli.app import app, with_home
try:
    app({arguments!r})
finally:
    print("HEAVY", [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("HEAVY []\n")


@pytest.mark.slow  # fresh processes
def test_python_dash_m_ends_with_the_exit_code_and_one_message():
    done = start("check", "no/such/config")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("i2ikit: 1 error in no/such/config:")
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr


def test_version_is_shown(run):
    assert run("--version").out == f"i2ikit {__version__}\n"


def test_without_a_command_the_help_is_shown(run):
    outcome = run()
    assert "Commands:" in outcome.out + outcome.err


def test_an_unknown_command_is_an_error_with_the_nearest(run):
    outcome = run("trian")
    assert outcome.code == 2
    assert "no command is called 'trian'. Nearest: 'train'" in outcome.err


def test_an_unknown_option_is_an_error_of_the_user(run):
    outcome = run("train", "x", "--wrk-dir", "y")
    assert outcome.code == 2
    assert "--wrk-dir" in outcome.err


@pytest.fixture
def failing():
    """Gives the command line a command `fail` that raises what the test chooses."""
    raised: list[BaseException] = []

    @app.command("fail")
    def fail() -> None:
        raise raised[0]

    yield raised
    app.registered_commands = [command for command in app.registered_commands if command.name != "fail"]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (I2IKitError("the sky [1, 2] is gray\n  look up"), 2, "i2ikit: the sky [1, 2] is gray\n  look up\n"),
        (RunError("the disk is full"), 1, "i2ikit: the disk is full\n"),
        (KeyboardInterrupt(), 130, "i2ikit: interrupted\n"),
        (
            ZeroDivisionError("by zero"),
            1,
            "i2ikit: ZeroDivisionError: by zero\nThis is an unexpected error. Run again with --d",
        ),
        (OSError(errno.ENAMETOOLONG, "", "n" * 300), 2, f"i2ikit: {'n' * 200}...: the name is too long for the disk"),
        (OSError(errno.ELOOP, "", "a/b"), 2, "i2ikit: a/b: it is a link to itself, or one of a circle of links\n"),
        (RuntimeError("Symlink loop from 'a/b'"), 2, "i2ikit: a/b: it is a link to itself"),
        (ValueError("embedded null byte"), 2, "i2ikit: a path has a null character"),
        (
            UnicodeEncodeError("utf-8", "a\ud800", 1, 2, "surrogates not allowed"),
            2,
            "i2ikit: 'a\\ud800' has characters",
        ),
        (PermissionError(errno.EACCES, "", "x"), 2, "i2ikit: x: permission denied\n"),
        (OSError(errno.EIO, "broken", "x"), 1, "i2ikit: OSError: [Errno 5] broken: 'x'\nThis is an unexpected error"),
        (MemoryError("75 GiB"), 1, "i2ikit: not enough memory (75 GiB): use smaller images"),
        (NotImplementedError(), 1, "i2ikit: NotImplementedError\nThis is an unexpected error."),
        (typer.Exit(7), 7, ""),
    ],
)
def test_an_error_is_one_message_and_an_exit_code(run, failing, error, code, message):
    failing.append(error)
    outcome = run("fail")
    assert outcome.code == code
    assert outcome.err.startswith(message)
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("arguments", [["--debug", "fail"], ["fail", "--debug"]])
def test_debug_shows_the_traceback_anywhere_on_the_line(run, failing, arguments):
    failing.append(I2IKitError("the sky is gray"))
    outcome = run(*arguments)
    assert outcome.code == 2
    assert "Traceback (most recent call last)" in outcome.err
    assert "the sky is gray" in outcome.err


def test_a_closed_pipe_is_not_reported(run, failing):
    failing.append(BrokenPipeError(32, "Broken pipe"))
    outcome = run("fail")
    assert (outcome.code, outcome.err) == (1, "")


@pytest.fixture
def plugin(monkeypatch):
    """Lets a plugin add the commands that the test gives."""

    def install(add):
        toy = PluginInfo("toy", "i2ikit-toy", "0.1")
        monkeypatch.setattr(get_manager(), "plugins", [*get_manager().plugins, toy])
        monkeypatch.setattr(get_manager(), "add_commands", lambda app_of: add(app_of(toy)))

    return install


def test_a_plugin_adds_a_command_but_replaces_none(run, plugin):
    def add(extra: typer.Typer) -> None:
        extra.command("hello")(lambda: typer.echo("hello from a plugin"))
        extra.command("plugins")(lambda: typer.echo("taken"))

    plugin(add)
    assert run("hello").out == "hello from a plugin\n"
    assert "\n  hello" in run("--help").out
    outcome = run("plugins")
    assert "taken" not in outcome.out
    left_out = "the command 'plugins' of the plugin 'toy' (i2ikit-toy 0.1) is ignored: the name is taken"
    assert left_out in outcome.err


def test_a_plugin_whose_commands_cannot_be_built_affects_only_them(run, plugin):
    def add(extra: typer.Typer) -> None:
        def broken(value: int | str) -> None: ...

        extra.command("broken")(broken)

    plugin(add)
    outcome = run("--help")
    assert outcome.code == 0
    assert "Commands:" in outcome.out
    assert "the commands of the plugin 'toy' (i2ikit-toy 0.1) are ignored: " in outcome.err
    assert "broken toy: i2ikit_commands: " in run("plugins").out
    unknown = run("brokn")
    assert unknown.code == 2
    assert "It may be a command of the plugin 'toy' (i2ikit-toy 0.1), which is broken" in unknown.err


def test_a_plugin_whose_commands_cannot_be_built_does_not_affect_other_plugins(run, monkeypatch):
    toys = [PluginInfo(name, f"i2ikit-{name}", "0.1") for name in ("bad", "good")]

    def add(app_of):
        bad, good = map(app_of, toys)

        def broken(value: int | str) -> None: ...

        bad.command("bad")(broken)
        good.command("good")(lambda: typer.echo("good"))

    monkeypatch.setattr(get_manager(), "add_commands", add)
    outcome = run("good")
    assert outcome.out == "good\n"
    assert "commands of the plugin 'bad' (i2ikit-bad 0.1) are ignored" in outcome.err


def test_plugins_are_not_loaded_for_a_built_in_command(run, plugin):
    plugin(lambda extra: pytest.fail("the plugin was loaded"))
    assert run("data", "--help").code == 0


def test_the_home_folder_is_found_where_no_shell_expands_it(run, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert run("train", tiny, "--work-dir=~/runs", "--max-steps", "1", "--set", "data.cache_dir=~/cache").code == 0
    assert (tmp_path / "home" / "runs" / "config.py").is_file()
    assert run("report", "~/runs").code == 0
    assert not (tmp_path / "~").exists()


def test_home_folders_are_expanded_in_every_argument(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    typed = ["--work-dir=~/x", "~/a.png", "~", "--set", "a=~/x", "b~", "--out=~of-nobody/x", "ab=~/w.pth"]
    expected = ["--work-dir=/home/me/x", "/home/me/a.png", "/home/me", "--set", "a=~/x", "b~", "--out=~of-nobody/x"]
    assert [with_home(argument) for argument in typed] == [*expected, "ab=~/w.pth"]
