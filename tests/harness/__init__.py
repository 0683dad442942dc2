"""Real processes, pipes, terminals and broken networks, so that an end-to-end test reads as a dialogue.

    stage       who is on: starts servers, people and proxies, and ends them; the fixtures are made of it
    processes   a real process: start, kill, stop, suspend, resume, and its exit status
    server      `chatapp serve`
    pipes       a client that is fed by a pipe         terminal, screen   a client in a pseudo-terminal
    wire        a bare speaker of the protocol         frames, connection   its frames, its bytes
    proxy       a TCP path that can be broken          datagrams   the same for UDP
    archives    what a client's archive and a server's store hold
    lines, waiting, journal, ports, loop   lines to wait for, how to wait, what happened, free ports, a loop in a thread

Nothing here sleeps: tests wait for events, and the patience only runs out when something is wrong.
"""
