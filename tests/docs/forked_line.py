"""The command line without its start: a process that has loaded the product and forks per command.

A command takes two seconds to load what it needs and the docs have some fifty. What is run here
is the same ``main`` with the same words, folder, environment and streams, in a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys


def serve(address: str) -> int:
    """Answers ``ask`` until it is killed; prints a line when it is ready."""
    from dealwright.site.commands.line import build_parser, main

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealwright.site.settings")
    build_parser()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    door = socket.socket(socket.AF_UNIX)
    door.bind(address)
    door.listen()
    print("ready", flush=True)
    while True:
        caller, _ = door.accept()
        with caller:
            _, streams, _, _ = socket.recv_fds(caller, 1, 3)
            asked = json.loads(caller.makefile().readline())
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                os.chdir(asked["folder"])
                os.environ.clear()
                os.environ.update(asked["environment"])
                caller.sendall(bytes([_status(main, asked["words"])]))
                return 0
            for stream in streams:
                os.close(stream)


def _status(main, words) -> int:  # type: ignore[no-untyped-def]
    try:
        return main(words)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def ask(address: str, words: list[str]) -> int:
    """Has a command run with the streams of this process; its exit status. Any Python can."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [b"."], [0, 1, 2])
        asked = {"folder": os.getcwd(), "environment": dict(os.environ), "words": words}  # noqa: PTH109
        server.sendall(json.dumps(asked).encode() + b"\n")
        answer = server.recv(1)
    return answer[0] if answer else 70


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]))
