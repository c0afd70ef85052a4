"""The members of a package, and the program ``openssl``."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dealwright.signing.evidence.verifier.vocabulary import BLOCK, MOST_JSON, Unreadable


class Members:
    """The files of a package, in a ZIP file or in a folder."""

    def __init__(self, path: Any) -> None:
        self.path = Path(path)
        self.archive: zipfile.ZipFile | None = None
        if self.path.is_dir():
            found = [each for each in self.path.rglob("*") if not each.is_dir()]
            self.names = sorted(each.relative_to(self.path).as_posix() for each in found)
            return
        try:
            self.archive = zipfile.ZipFile(self.path)
            self.names = [each.filename for each in self.archive.infolist()]
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise Unreadable(str(error)) from None

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content in pieces; raises Unreadable where it is damaged or not there."""
        try:
            source: Any = (
                (self.path / name).open("rb") if self.archive is None else self.archive.open(name)
            )
            with source:
                while True:
                    piece = source.read(BLOCK)
                    if not piece:
                        return
                    yield piece
        except (
            OSError,
            EOFError,
            KeyError,
            ValueError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise Unreadable(f"{name}: {error}") from None

    def read(self, name: str) -> bytes:
        """The whole content of a small file."""
        parts, size = [], 0
        for piece in self.pieces(name):
            parts.append(piece)
            size += len(piece)
            if size > MOST_JSON:
                raise Unreadable(f"{name} is too large")
        return b"".join(parts)

    def digest(self, name: str) -> tuple[int, str]:
        """(size, SHA-256)"""
        found, size = hashlib.sha256(), 0
        for piece in self.pieces(name):
            found.update(piece)
            size += len(piece)
        return size, found.hexdigest()

    def extract(self, name: str, target: Path) -> None:
        with target.open("wb") as out:
            for piece in self.pieces(name):
                out.write(piece)


class OpenSSL:
    """The program that checks signatures; each answer is (whether it is sound, what it said)."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = shutil.which(program), folder

    def run(self, *arguments: Any) -> tuple[bool | None, str]:
        if self.program is None:
            return None, "the program openssl was not found"
        done = subprocess.run(
            [self.program, *map(str, arguments)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in said if "error" in line.lower()]
        return done.returncode == 0, (errors or said or [""])[-1]

    def cms(
        self,
        signature: str,
        content: str | None = None,
        roots: str | None = None,
        chain: str | None = None,
        at: float | None = None,
        out: str | None = None,
        signer: str | None = None,
    ) -> tuple[bool | None, str]:
        """Checks a CMS signature; without ``roots`` only that it fits, not whose it is."""
        arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-in", signature]
        if content is not None:
            arguments += ["-content", content]
        arguments += ["-purpose", "any", "-out", out or "verified"]
        arguments += ["-CAfile", roots, "-no-CApath"] if roots else ["-noverify"]
        if chain is not None:
            arguments += ["-certfile", chain]
        if roots and at:
            arguments += ["-attime", str(int(at))]
        if signer is not None:
            arguments += ["-signer", signer]
        return self.run(*arguments)

    def serial(self, certificate: str) -> str:
        sound, said = self.run("x509", "-in", certificate, "-noout", "-serial")
        return said.partition("=")[2].lower().lstrip("0") if sound else ""
