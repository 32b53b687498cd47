"""A place for the simulator's callbacks: the newest event in plain XML."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree

from wecom.inbox import crypto

TOKEN, AES_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class Sink:
    """Answers `success` to every callback and keeps the fields of each."""

    def __init__(self, corp_id: str) -> None:
        keys = crypto.Keys(token=TOKEN, aes_key=AES_KEY, receive_ids=(corp_id,))
        self.events: list[dict[str, str]] = []
        kept = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                sealed = ElementTree.fromstring(body).findtext("Encrypt") or ""
                plain = ElementTree.fromstring(crypto.decrypt(keys, sealed))
                kept.append({node.tag: node.text or "" for node in plain})
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"success")

            def log_message(self, *parts: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
