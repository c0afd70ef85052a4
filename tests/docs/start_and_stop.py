"""Starts what is given after the port, waits until it is ready, stops it as Ctrl-C does."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request


def main(port: str, command: list[str]) -> int:
    process = subprocess.Popen([*command, "--port", port], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if line != f"Dealwright is at http://127.0.0.1:{port}\n":
            process.wait()
            return process.returncode or 1
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
            assert answer.status == 200
        print(line, end="")
        process.send_signal(signal.SIGINT)
        return process.wait(60)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
