"""A directory of our own: for its owner alone, and one process at a time holds it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatapp.model.errors import CannotStart, ExitStatus
from chatapp.store.database import DirectoryLock
from chatapp.store.directory import data_directory, hold
from chatapp.store.sqlite import SqliteStore


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """As it was: it is the process's."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestItsPlace:
    def test_the_chosen_one_is_made_with_all_above_it(self, tmp_path: Path) -> None:
        path = data_directory(str(tmp_path / "a" / "b"), "server")

        assert path == tmp_path / "a" / "b"
        assert mode(path) == 0o700

    @pytest.mark.parametrize("umask", [0o000, 0o277])
    def test_whatever_the_umask(self, tmp_path: Path, umask: int) -> None:
        os.umask(umask)

        assert mode(data_directory(str(tmp_path / "mine"), "server")) == 0o700

    def test_what_is_made_in_it_is_its_owners_alone(self, tmp_path: Path) -> None:
        path = data_directory(str(tmp_path / "mine"), "server")
        SqliteStore(path / "server.db").close()
        hold(path).release()

        assert {file.name: mode(file) for file in path.iterdir()} == {"server.db": 0o600, "lock": 0o600}

    def test_one_that_is_in_use_keeps_its_mode(self, tmp_path: Path) -> None:
        """It may be somebody's, chosen by mistake: `--data /tmp`."""
        (tmp_path / "somebody's").touch()
        tmp_path.chmod(0o755)

        assert mode(data_directory(str(tmp_path), "server")) == 0o755

    def test_without_a_choice_it_is_the_platforms_own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
            monkeypatch.setenv(name, str(tmp_path))
        path = data_directory("", "server")

        assert path.is_relative_to(tmp_path)
        assert path.parts[-2:] == ("chatapp", "server")
        assert mode(path) == 0o700

    def test_what_is_there_stays(self, tmp_path: Path) -> None:
        path = data_directory(str(tmp_path / "mine"), "server")
        (path / "server.db").write_text("precious")

        assert (data_directory(str(path), "server") / "server.db").read_text() == "precious"

    @pytest.mark.parametrize("below", ["file", "file/below"])
    def test_a_file_in_its_place(self, tmp_path: Path, below: str) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(CannotStart) as refusal:
            data_directory(str(tmp_path / below), "server")
        assert refusal.value.status == ExitStatus.STORAGE
        assert refusal.value.line.startswith(f"Error: cannot use the data directory {tmp_path / below}: ")
        assert refusal.value.line.endswith(". Make it yours to write, or choose another with --data.")


class TestHolding:
    def test_one_at_a_time(self, tmp_path: Path) -> None:
        lock = hold(tmp_path)
        with pytest.raises(DirectoryLock.Held):
            hold(tmp_path)

        lock.release()
        hold(tmp_path).release()

    def test_other_directories_are_others(self, tmp_path: Path) -> None:
        locks = [hold(data_directory(str(tmp_path / name), "server")) for name in ("a", "b")]

        for lock in locks:
            lock.release()

    def test_what_is_left_of_an_earlier_one_holds_nothing(self, tmp_path: Path) -> None:
        hold(tmp_path).release()

        assert (tmp_path / "lock").exists()
        hold(tmp_path).release()

    def test_where_it_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "lock").mkdir()

        with pytest.raises(CannotStart) as refusal:
            hold(tmp_path)
        assert refusal.value.status == ExitStatus.STORAGE
        assert refusal.value.line.startswith(f"Error: cannot use the data directory {tmp_path}: ")
