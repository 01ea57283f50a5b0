"""An editor: python-lsp-server with its flake8 plugin, and a client that speaks raw JSON-RPC."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ways_in import LEFT_OPEN, LOOP_COLUMN, LOOP_ROW

from asyncgen_lint import fix_text

SECONDS = 60


class Client:
    """A client over the server's pipes; it keeps each document's latest diagnostics."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pylsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._received: queue.Queue[dict[str, Any]] = queue.Queue()
        self._number = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.request("initialize", processId=None, rootUri=folder.as_uri(), capabilities={})
        self.notify("initialized")

    def close(self) -> None:
        try:
            self.request("shutdown")
            self.notify("exit")
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.communicate()

    def notify(self, method: str, **parameters: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": parameters})

    def request(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        while True:
            message = self._received.get(timeout=SECONDS)
            if message.get("id") == self._number and "method" not in message:
                return message.get("result")

    def diagnostics(self, uri: str, *, with_code: str | None) -> list[dict[str, Any]]:
        """Wait for diagnostics of the document that hold the code, or for None, none of ours."""
        while True:
            message = self._received.get(timeout=SECONDS)
            if message.get("method") != "textDocument/publishDiagnostics":
                continue
            if message["params"]["uri"] != uri:
                continue
            found: list[dict[str, Any]] = message["params"]["diagnostics"]
            ours = [each for each in found if str(each.get("code", "")).startswith("AGN")]
            if with_code is None and not ours:
                return []
            if any(each["code"] == with_code for each in ours):
                return ours

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = stream.readline()
            self._received.put(json.loads(stream.read(length)))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    client = Client(tmp_path)
    yield client
    client.close()


def test_unsaved_buffer(client: Client, tmp_path: Path) -> None:
    others = ("pycodestyle", "pyflakes", "mccabe", "autopep8", "yapf", "pylint")
    plugins = {"flake8": {"enabled": True}, **{name: {"enabled": False} for name in others}}
    client.notify("workspace/didChangeConfiguration", settings={"pylsp": {"plugins": plugins}})
    uri = (tmp_path / "unsaved.py").as_uri()
    client.notify(
        "textDocument/didOpen",
        textDocument={"uri": uri, "languageId": "python", "version": 1, "text": LEFT_OPEN},
    )
    (found,) = client.diagnostics(uri, with_code="AGN101")
    assert found["source"] == "flake8"
    assert found["range"]["start"] == {"line": LOOP_ROW - 1, "character": LOOP_COLUMN - 1}
    assert found["message"].startswith("AGN101 ")
    client.notify(
        "textDocument/didChange",
        textDocument={"uri": uri, "version": 2},
        contentChanges=[{"text": fix_text(LEFT_OPEN).text}],
    )
    assert client.diagnostics(uri, with_code=None) == []
    assert not (tmp_path / "unsaved.py").exists()
