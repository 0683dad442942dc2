"""The words of the screens: what the server's console says. CLASSIC's lines, exactly."""

from chatapp.model.messages import RosterRow

PREFIX = ">>> "
ONLINE = ">>> Server is online"
OPEN_TO_EVERYONE = ">>> [Open to everyone who can reach this port.]"
WITHOUT_TLS = ">>> [Without TLS: whoever is on the way between can read and change everything.]"
BROADCAST = ">>> Broadcasted the updated table"


def how_to_join(host: str, port: int, *, no_tls: bool) -> str:
    """How others join, for the server's address on the network."""
    if no_tls:
        return f">>> [Others join with: chatapp join --no-tls {bracketed(host)}:{port}]"
    classic = f"python3 chatapp.py -c NAME {host} {port} 2000"
    return f">>> [Others join with: {classic}, or: chatapp join {bracketed(host)}:{port}]"


def bracketed(host: str) -> str:
    """The host as it stands before a port: IPv6 addresses in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def console_lines(what: str, client: str, group: str, text: str, names: tuple[str, ...]) -> list[str]:
    """The console's lines for one thing that happened; `text` is fit for a screen already."""
    match what:
        case "registered":
            return [">>> [Server table updated via new registration.]"]
        case "deregistered":
            return [">>> [Server table updated via deregistration.]"]
        case "broadcast":
            return [BROADCAST]
        case "created":
            return [f">>> [Client {client} created group {group} successfully]"]
        case "creating_failed":
            return [f">>> [Client {client} creating group {group} failed, group already exists]"]
        case "listed_groups":
            return [
                f">>> [Client {client} requested listing groups, current groups:]",
                *(f">>> {name}" for name in names),
            ]
        case "joined":
            return [f">>> [Client {client} joined group {group}]"]
        case "joining_failed":
            return [f">>> [Client {client} joining group {group} failed, group does not exist]"]
        case "said":
            return [
                f">>> [Client {client} sent group message: {text}]"
                if text
                else f">>> [Client {client} sent group message]"
            ]
        case "unresponsive":
            return [f">>> [Client {client} not responsive, removed from group {group}]"]
        case "listed_members":
            head = f">>> [Client {client} requested listing members of group {group}:]"
            return [head, *(f">>> {name}" for name in names)]
        case "left":
            return [f">>> [Client {client} left group {group}]"]
        case _:
            raise AssertionError(what)


def table_lines(rows: list[RosterRow], count: int) -> list[str]:
    """The server's table: name, address, port, status, mode (the group one is in, or normal)."""
    cells = [("name", "address", "port", "status", "mode")]
    for row in rows:
        host, _, port = row.addresses[0].rpartition(":") if row.addresses else ("-", "", "-")
        cells.append((row.name, host, port, row.status, "normal" if row.group is None else f"in {row.group}"))
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    lines = [
        ">>> " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    ]
    if count > len(rows):
        lines.append(f">>> and {count - len(rows)} more")
    return lines
