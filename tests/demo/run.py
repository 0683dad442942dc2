"""`make demo`: a server and three people in real pseudo-terminals talk for half a minute.

Prints the four screens. Exits 0 only if everything that should have arrived did, and nothing else.
"""

import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from harness.lines import Expected  # noqa: E402 - the path comes first
from harness.processes import program  # noqa: E402
from harness.stage import Stage  # noqa: E402
from harness.terminal import Terminal  # noqa: E402

PACE_S = 1.4
"""Between two things that somebody types: slow enough to be read along."""
HELD = "[1 private message is waiting, from haider. It is shown when you leave the group.]"


class Play:
    """The people, and what they do."""

    def __init__(self, stage: Stage) -> None:
        self._pause = threading.Event()
        place = stage.server(online=False)  # where it will be; the one that is seen runs in a terminal
        command = program("serve", "--port", str(place.port), "--bind", place.host, "--data", str(place.data))
        self.server = stage.terminal("server", command)
        self.server.expect(">>> Server is online")
        people = stage.people(place)
        self.aysha, self.sana, self.haider = (people.terminal(name) for name in ("aysha", "sana", "haider"))
        self._sees(self.aysha, ">>> [Client table updated.]")

    def _types(self, person: Terminal, line: str, *answers: Expected) -> None:
        """Somebody types a line and sees its answer; the audience hears of it."""
        self._pause.wait(PACE_S)
        sys.stdout.write(f"{person.name:>8} types  {line}\n")
        sys.stdout.flush()
        person.type(line)
        person.expect(*answers)

    def _sees(self, person: Terminal, *lines: Expected) -> None:
        person.expect(*lines)

    def run(self) -> None:
        """A private message, a group, a held message, a silent leave. Raises AssertionError at what doesn't arrive."""
        aysha, sana, haider = self.aysha, self.sana, self.haider
        self._types(aysha, "send sana shall we?", ">>> [Message received by sana.]")
        self._sees(sana, ">>> aysha: shall we?")
        self._types(sana, "send aysha yes, in a group", ">>> [Message received by aysha.]")
        self._sees(aysha, ">>> sana: yes, in a group")
        self._types(aysha, "create_group skii", ">>> [Group skii created by Server.]")
        self._types(aysha, "join_group skii", ">>> [Entered group skii successfully.]")
        self._types(sana, "join_group skii", ">>> [Entered group skii successfully.]")
        self._sees(aysha, ">>> (skii) [sana joined.]")
        self._types(aysha, "send_group hi all", ">>> (skii) [Message received by Server.]")
        self._sees(sana, ">>> (skii) Group_Message <aysha>: hi all")
        self._types(haider, "list_groups", ">>> [Available group chats:]", ">>> skii")
        self._types(haider, "send sana psst private", ">>> [Message received by sana.]")
        sana.wait_for(f">>> (skii) {HELD}")
        self._types(sana, "send_group the snow is good", ">>> (skii) [Message received by Server.]")
        self._sees(aysha, ">>> (skii) Group_Message <sana>: the snow is good")
        self._types(haider, "join_group skii", ">>> [Entered group skii successfully.]")
        self._sees(sana, ">>> (skii) [haider joined.]")
        self._types(haider, "send_group see you there", ">>> (skii) [Message received by Server.]")
        self._sees(aysha, ">>> (skii) Group_Message <haider>: see you there")
        self._pause.wait(PACE_S)
        sys.stdout.write("  haider leaves silently, with Ctrl-C\n")
        haider.key("ctrl-c")
        assert haider.exit_status() == 0, "a silent leave ends with status 0"
        names = (">>> (skii) aysha", ">>> (skii) sana", ">>> (skii) [Message received by Server.]")
        self._types(aysha, "list_members", ">>> (skii) [Members in the group skii:]")
        self._types(aysha, "send_group just us now", *names)
        assert not any("haider left" in line for line in aysha.lines), "a silent leave is announced to nobody"
        self._types(sana, "leave_group", ">>> [Leave group chat skii.]", ">>> haider: psst private")
        self._types(aysha, "leave_group", ">>> [Leave group chat skii.]")
        self._types(aysha, "dereg aysha", ">>> [You are Offline. Bye.]")
        assert aysha.exit_status() == 0, "deregistering ends with status 0"
        self._sees(sana, ">>> [Client table updated.]")
        self._types(
            sana, "list_clients", ">>> [Clients:]", ">>> aysha  offline", ">>> haider  offline", ">>> sana  online"
        )

    def transcript(self) -> str:
        """The four screens, one below the other."""
        return "\n".join(
            f"\n---- {terminal.name} {'-' * (90 - len(terminal.name))}\n" + "\n".join(terminal.lines)
            for terminal in (self.server, self.aysha, self.sana, self.haider)
        )


def main() -> int:
    """Plays it, and says how it went."""
    with tempfile.TemporaryDirectory(prefix="chatapp-demo-") as directory:
        stage = Stage(Path(directory))
        try:
            play = Play(stage)
            play.run()
        except AssertionError as error:
            sys.stderr.write(f"{error}\n")
            for title, text in stage.report():
                sys.stderr.write(f"\n---- {title}\n{text}\n")
            return 1
        else:
            sys.stdout.write(play.transcript() + "\n\nEverything arrived.\n")
            return 0
        finally:
            stage.end()


if __name__ == "__main__":
    sys.exit(main())
