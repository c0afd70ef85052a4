"""A mail server for tests that speaks real SMTP and can refuse on demand."""

from __future__ import annotations

import socketserver
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from typing import cast


@dataclass
class Received:
    """One message as the server took it."""

    sender: str
    receivers: list[str]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.raw, policy=modern))


@dataclass
class MailServer:
    """What arrived, and what it answers: ``answers`` maps a receiver to a refusal."""

    port: int = 0
    username: str = ""
    password: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = ""
    hang_up: bool = False
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        login = f"{self.username}:{self.password}@" if self.username else ""
        return f"smtp+plain://{login}127.0.0.1:{self.port}"


@contextmanager
def mail_server(username: str = "", password: str = "") -> Iterator[MailServer]:
    """Serve until the block ends."""
    state = MailServer(username=username, password=password)

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            state.connections += 1
            self.say("220 test ESMTP")
            sender, receivers = "", []
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if state.hang_up and verb == "MAIL":
                    return
                if verb == "EHLO":
                    self.say("250-test\r\n250-AUTH PLAIN\r\n250-8BITMIME\r\n250 SMTPUTF8")
                elif verb == "AUTH":
                    given = b64decode(line.split()[2]).decode().split("\0")[1:]
                    right = given == [state.username, state.password]
                    self.say("235 2.7.0 welcome" if right else "535 5.7.8 bad credentials")
                elif verb == "MAIL":
                    sender, receivers = line[line.index("<") + 1 : line.index(">")], []
                    self.say("250 2.1.0 ok")
                elif verb == "RCPT":
                    receiver = line[line.index("<") + 1 : line.index(">")]
                    answer = state.answers.get(receiver, "250 2.1.5 ok")
                    if answer.startswith("2"):
                        receivers.append(receiver)
                    self.say(answer)
                elif verb == "DATA":
                    self.say("354 go ahead")
                    lines = []
                    while (text := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(text.removeprefix(b"."))
                    if not state.data_answer:
                        state.received.append(Received(sender, receivers, b"".join(lines)))
                    self.say(state.data_answer or "250 2.0.0 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

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
