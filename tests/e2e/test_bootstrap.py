"""chatapp.py in a clone: what makes `.venv`, what makes it anew, and the line for each thing that can be in the way.

The clone is chatapp.py beside a package of two lines and a lock file with one dependency, which an index on loopback
serves: the whole way is gone, and nothing is downloaded.
"""

import ast
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "chatapp.py"
WHEEL = "courtesy-1.0-py3-none-any.whl"
PATIENCE_S = 120
INSTALLING = "Installing what chatapp needs into {}/.venv, once.\n"
NEEDS_FOLDER = "chatapp.py needs its whole folder, and writes .venv there: copy the folder to a place of yours"
WAITING = "Another start is installing what chatapp needs: waiting for it.\n"


def wheel() -> bytes:
    """A dependency: `courtesy`, with one word in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in {
            "courtesy.py": "WORD = 'hello'\n",
            "courtesy-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: courtesy\nVersion: 1.0\n",
            "courtesy-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "courtesy-1.0.dist-info/RECORD": "",
        }.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


@dataclass
class Clone:
    """A folder with chatapp.py, and how it is started there."""

    folder: Path
    environment: dict[str, str]

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.folder / "requirements.lock"

    @property
    def installing(self) -> str:
        """The line of a start that makes `.venv`."""
        return INSTALLING.format(self.folder)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """A start; its stdout and stderr are pipes."""
        return subprocess.Popen(
            [sys.executable, "chatapp.py", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *arguments: str) -> tuple[int, str, str]:
        """A start that ends: its status, stdout, stderr."""
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out, err


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    folder = tmp_path.resolve()
    shutil.copy(SCRIPT, folder)
    package = folder / "src" / "chatapp"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text("import courtesy, sys\nprint(courtesy.WORD, *sys.argv[1:])\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    clone = Clone(folder, clean | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "NO_PROXY": "127.0.0.1"})
    clone.lock.write_text(f"courtesy==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel()).hexdigest()}\n")
    return clone


@pytest.fixture
def with_wheel(clone: Clone) -> Clone:
    """A clone that finds its dependency in a folder."""
    (clone.folder / WHEEL).write_bytes(wheel())
    clone.environment["PIP_FIND_LINKS"] = str(clone.folder)
    return clone


@dataclass
class Index:
    """A package index that answers only when it is let."""

    asked: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)
    port: int = 0


@pytest.fixture
def index() -> Iterator[Index]:
    index = Index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.set()
            index.let.wait(PATIENCE_S)
            body = wheel() if self.path.endswith(".whl") else f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/zip" if self.path.endswith(".whl") else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
            """Nothing: the test's output is its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield index
        index.let.set()
        server.shutdown()
        thread.join()


def test_the_first_start_installs_and_later_ones_only_run_until_the_lock_file_changes(with_wheel: Clone) -> None:
    assert with_wheel.start("-s", "4000") == (0, "hello -s 4000\n", with_wheel.installing)
    assert with_wheel.start("-s", "4000") == (0, "hello -s 4000\n", "")

    with_wheel.lock.write_text(with_wheel.lock.read_text() + "# and something newer\n")
    assert with_wheel.start() == (0, "hello\n", with_wheel.installing)


def test_others_wait_for_a_start_that_installs_and_make_anew_what_a_killed_one_left(clone: Clone, index: Index) -> None:
    del clone.environment["PIP_NO_INDEX"]
    clone.environment["PIP_INDEX_URL"] = f"http://127.0.0.1:{index.port}/simple"
    killed = clone.begin()
    assert killed.stderr is not None
    assert killed.stderr.readline() == clone.installing
    assert index.asked.wait(PATIENCE_S)

    waiting = [clone.begin(str(number)) for number in (1, 2)]
    for process in waiting:
        assert process.stderr is not None
        assert process.stderr.readline() == WAITING
    killed.send_signal(signal.SIGKILL)
    index.let.set()

    ends = [process.communicate(timeout=PATIENCE_S) for process in waiting]
    assert [out for out, _ in ends] == ["hello 1\n", "hello 2\n"]
    assert sorted(err for _, err in ends) == ["", clone.installing]  # one of them made it, the other found it made
    killed.communicate(timeout=PATIENCE_S)


def test_without_a_wheel_of_the_optional_dependency_it_goes_on_and_says_so(with_wheel: Clone) -> None:
    with_wheel.lock.write_text(
        f"iroh==1.2.0 ; python_version > '3' \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n"
        "    # via chatapp\n" + with_wheel.lock.read_text()
    )
    line = "There is no iroh for this machine: chatapp goes without direct links.\n"
    assert with_wheel.start() == (0, "hello\n", with_wheel.installing + line)


def test_without_a_network_it_says_what_to_do(clone: Clone) -> None:
    line = (
        "Error: Could not find a version that satisfies the requirement courtesy==1.0 (from versions: none). "
        "Connect to the network, or tell pip where to look (PIP_INDEX_URL, PIP_FIND_LINKS), and start again\n"
    )
    assert clone.start() == (2, "", clone.installing + line)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_without_the_venv_module_it_says_what_to_install(clone: Clone, module: str) -> None:
    lacking = clone.folder / "lacking"
    lacking.mkdir()
    (lacking / f"{module}.py").write_text(f"raise ModuleNotFoundError('No module named {module}')\n")
    clone.environment["PYTHONPATH"] = str(lacking)
    line = "Error: this Python can't make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv\n"
    assert clone.start() == (2, "", clone.installing + line)


def test_where_it_cannot_write_it_says_so(clone: Clone) -> None:
    (clone.folder / ".venv.turn").mkdir()  # a read-only folder would not stop root
    line = f"Error: {clone.folder}/.venv.turn: Is a directory. {NEEDS_FOLDER}\n"
    assert clone.start() == (2, "", line)


def test_alone_without_its_folder_it_says_so(clone: Clone) -> None:
    clone.lock.unlink()
    line = f"Error: {clone.lock}: No such file or directory. {NEEDS_FOLDER}\n"
    assert clone.start() == (2, "", line)


def test_a_python_that_is_too_old_gets_a_line() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))  # it comes as far as the line
    start = f"import runpy, sys; sys.version_info = (3, 10, 14); runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    end = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
    assert (end.returncode, end.stdout) == (2, "")
    assert end.stderr == "Error: chatapp needs Python 3.11 or newer: start it with one, as in: python3.12 chatapp.py\n"
