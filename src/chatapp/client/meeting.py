"""Which server is it? Before anything of a name can be opened, its server must be known."""

import asyncio

from chatapp.client.events import Ended, LinkLost
from chatapp.client.home import known_servers
from chatapp.client.link import HostUnknown, Link, Start, WithoutTls
from chatapp.client.told import Told
from chatapp.identity.known_servers import ServerKeyChanged
from chatapp.model.errors import CannotStart, ChatappError, ExitStatus, ProtocolViolation, Unavailable
from chatapp.model.settings import JoinArguments


class EndedEarly(ChatappError):
    """There is nobody to talk to; `ended` says why."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.why)
        self.ended = ended


async def meet(arguments: JoinArguments, told: Told, start: Start) -> tuple[str, Link | None, bool]:
    """The server's id; the connection that was needed to learn it, if it was; and whether it is a first contact.

    A server never seen is tried five times by the classic client, for ever by `join`. Raises EndedEarly; CannotStart
    where there is no such host.
    """
    servers = known_servers(arguments.settings.data)
    known = servers.get(arguments.host, arguments.port)
    if arguments.pin and known not in (None, arguments.pin):
        raise EndedEarly(Ended("key_changed", ServerKeyChanged(arguments.host, arguments.port, arguments.pin).lines))
    if known is not None:
        return known, None, False
    failures = 0
    while True:
        try:
            link = await Link.connect(arguments.host, arguments.port, arguments.pin or None, arguments.settings, start)
        except ServerKeyChanged as changed:
            raise EndedEarly(Ended("key_changed", changed.lines)) from changed
        except WithoutTls as error:
            line = f"Error: {error}. If it is meant to be so, as on this machine or behind a proxy, add --no-tls."
            raise CannotStart(line, ExitStatus.USAGE) from error
        except HostUnknown as error:
            raise CannotStart(f"Error: cannot find host {arguments.host}", ExitStatus.USAGE) from error
        except Unavailable as error:
            failures += 1
            if failures >= arguments.settings.tries:
                if arguments.classic:
                    raise EndedEarly(Ended("not_responding", (str(error),))) from error
                if failures == arguments.settings.tries:
                    told.put(LinkLost())
            await asyncio.sleep(arguments.settings.ack_timeout_s)
        except ProtocolViolation as violation:
            raise EndedEarly(Ended("refused", (str(violation),))) from violation
        else:
            servers.remember(arguments.host, arguments.port, link.server_id)
            return link.server_id, link, True
