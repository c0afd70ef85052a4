"""A mailbox for tests that speaks the IMAP of RFC 3501 a reader of new mail needs."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """UID to raw mail, and how it behaves. ``changes`` lists every command that would change it."""

    port: int = 0
    password: str = "secret"
    validity: int = 7
    mails: dict[int, bytes] = field(default_factory=dict)
    following: int = 1
    changes: list[str] = field(default_factory=list)
    break_off_at: int = 0

    def put(self, raw: bytes) -> int:
        """A mail arrives; returns its UID."""
        uid, self.following = self.following, self.following + 1
        self.mails[uid] = raw
        return uid


@contextmanager
def mailbox_server() -> Iterator[Mailbox]:
    """Serve until the block ends."""
    state = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            self.say("* OK test")
            while line := self.rfile.readline().decode().strip():
                tag, _, command = line.partition(" ")
                verb = command.split()[0].upper()
                if verb == "UID":
                    verb = command.split()[1].upper()
                if verb in ("STORE", "EXPUNGE", "MOVE", "COPY", "APPEND", "DELETE"):
                    state.changes.append(command)
                answer = getattr(self, f"do_{verb.lower()}", None)
                done = answer(command) if answer else "OK done"
                if done is None:
                    return
                self.say(f"{tag} {done}")
                if verb == "LOGOUT":
                    return

        def do_capability(self, command: str) -> str:
            self.say("* CAPABILITY IMAP4rev1")
            return "OK done"

        def do_login(self, command: str) -> str:
            return "OK in" if f'"{state.password}"' in command else "NO bad credentials"

        def do_select(self, command: str) -> str:
            if "INBOX" not in command:
                return "NO no such folder"
            self.say(f"* {len(state.mails)} EXISTS")
            self.say(f"* OK [UIDVALIDITY {state.validity}] valid")
            return "OK [READ-WRITE] selected"

        def do_status(self, command: str) -> str:
            self.say(f'* STATUS "INBOX" (UIDVALIDITY {state.validity} UIDNEXT {state.following})')
            return "OK done"

        def do_search(self, command: str) -> str:
            match = re.search(r"UID (\d+)(:\*)?", command.split("SEARCH")[1])
            assert match
            first = int(match[1])
            found = [uid for uid in state.mails if uid >= first] if match[2] else [first]
            if match[2] and not found and state.mails:
                found = [max(state.mails)]  # as the standard has it: "*" is the last there is
            self.say("* SEARCH " + " ".join(str(uid) for uid in found))
            return "OK done"

        def do_fetch(self, command: str) -> str | None:
            uid = int(re.findall(r"FETCH (\d+)", command)[0])
            if uid == state.break_off_at:
                return None
            if "PEEK" not in command:
                state.changes.append(command)
            raw = state.mails[uid]
            place = sorted(state.mails).index(uid) + 1
            self.wfile.write(
                f"* {place} FETCH (UID {uid} FLAGS () RFC822.SIZE {len(raw)} "
                f"BODY[] {{{len(raw)}}}\r\n".encode()
            )
            self.wfile.write(raw + b")\r\n")
            return "OK done"

        def do_logout(self, command: str) -> str:
            self.say("* BYE")
            return "OK bye"

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    server = Server(("127.0.0.1", 0), Session)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
