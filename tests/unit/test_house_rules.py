"""The house rules that no tool knows: each test collects those who break one. `make check` runs it beside the tools."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 400
SOURCES = ("*.py", "*.c", "*.h", "*.sql", "*.js", "*.css")
TEXTS = (*SOURCES, "*.md", "*.toml")
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"[a-z0-9-]+==[^ ;]+( ; [^\\]+)?(?= \\\n    --hash=sha256:[0-9a-f]{64})", re.MULTILINE)


def files(*patterns: str, under: tuple[str, ...] = ("src", "tests", "bench", "docs")) -> Iterator[Path]:
    """Our own files of those names: not what is built, cached or installed."""
    for folder in (ROOT / name for name in under):
        for pattern in patterns:
            yield from (path for path in folder.rglob(pattern) if not {"build", "__pycache__"} & set(path.parts))
    if "src" in under:
        yield from (path for pattern in patterns for path in ROOT.glob(pattern))


def nodes(*under: str) -> Iterator[tuple[str, ast.AST]]:
    """Each node of the syntax trees, with the place to name."""
    for path in files("*.py", under=under):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}", node


def calls(*under: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Each call: its place, what is called as it is written (`asyncio.sleep`), and the node."""
    for place, node in nodes(*under):
        if isinstance(node, ast.Call):
            yield place, ast.unparse(node.func), node


def test_no_file_is_longer_than_anybody_reads() -> None:
    long = {str(path): lines for path in files(*SOURCES) if (lines := path.read_text("utf-8").count("\n")) > LINES_MAX}
    assert not long


def test_every_module_is_named_for_its_meaning() -> None:
    assert [path for path in files(*SOURCES) if NAMELESS & {path.stem, path.parent.name}] == []


def test_nothing_is_left_for_later() -> None:
    found = [(path, word.group()) for path in files(*TEXTS) for word in UNFINISHED.finditer(path.read_text("utf-8"))]
    assert found == []


def test_tests_wait_for_events_and_never_for_time() -> None:
    # asyncio.sleep(0) only lets the others run
    sleeping = [
        place
        for place, name, call in calls("tests")
        if name.split(".")[-1] == "sleep" and [ast.unparse(argument) for argument in call.args] != ["0"]
    ]
    assert sleeping == []


def test_every_test_runs_and_runs_the_real_thing() -> None:
    evading = re.compile(r"(unittest\.)?mock(\..*)?|.*\b(skip|skipif|xfail|importorskip|flaky)")
    found = [place for place, name, _ in calls("tests") if evading.fullmatch(name)]
    for place, node in nodes("tests"):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            found += [place for name in names if evading.fullmatch(name)]
        elif (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) == "pytest.mark"
            and evading.match(f".{node.attr}")
        ):
            found.append(place)
    assert found == []


def test_tasks_are_made_by_their_keeper_or_a_task_group() -> None:
    groups = {
        ast.unparse(item.optional_vars)
        for _, node in nodes("src")
        if isinstance(node, ast.AsyncWith)
        for item in node.items
        if item.optional_vars is not None and ast.unparse(item.context_expr) == "asyncio.TaskGroup()"
    }
    made = [
        place
        for place, name, _ in calls("src")
        if name.split(".")[-1] in ("create_task", "ensure_future") and name.rpartition(".")[0] not in groups
    ]
    assert {place.split(":")[0] for place in made} == {"src/chatapp/tasks.py"}


def test_every_limit_says_why() -> None:
    body = ast.parse((ROOT / "src/chatapp/model/limits.py").read_text("utf-8")).body
    limits = [
        (node, after) for node, after in zip(body, [*body[1:], None], strict=True) if isinstance(node, ast.Assign)
    ]
    units = {"KIB", "MIB"}
    silent = [
        ast.unparse(node)
        for node, after in limits
        if ast.unparse(node.targets[0]) not in units
        and not (
            isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
        )
    ]
    assert limits
    assert silent == []


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_installed_is_pinned_and_hashed_and_comes_from_wherever_pip_looks(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    packages = [line for line in text.splitlines() if line[:1] not in ("#", " ", "")]
    assert packages
    assert len(packages) == len(PIN.findall(text))
    assert re.findall(r"://|--index|--extra-index|--find-links|--trusted-host", text) == []


def test_the_tools_are_installed_beside_the_same_dependencies() -> None:
    ours, with_tools = (set(re.findall(r"^\S+==\S+", (ROOT / name).read_text("utf-8"), re.MULTILINE)) for name in LOCKS)
    assert ours - with_tools == set()
