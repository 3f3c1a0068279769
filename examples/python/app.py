"""One instance of a small HTTP service: standard library only, graceful on SIGTERM."""

import json
import os
import signal
import socket
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = os.environ.get("VERSION", "1")
COLOR = os.environ.get("COLOR", "none")
HOST = os.environ.get("HOST", "127.0.0.1")

LINGER_S = 1.2
"""Idle connections stay this long after the signal: a request may be on its way."""

DEADLINE_S = 8.0
"""Requests that take longer after the signal are cut."""


class Handler(BaseHTTPRequestHandler):
    """Answers the three routes; each connection has a thread of its own."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/":
            self.reply(200, f"<h1>Version {VERSION}, {COLOR}</h1>\n", "text/html; charset=utf-8")
        elif path == "/healthz":
            self.reply(200, json.dumps({"status": "ok"}))
        elif path == "/version":
            instance = "%s:%d" % self.server.server_address[:2]
            self.reply(200, json.dumps({"version": VERSION, "color": COLOR, "instance": instance}))
        else:
            self.reply(404, json.dumps({"error": f"no {path} here"}))

    def reply(self, status, text, content_type="application/json"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Version", VERSION)
        if self.server.stopping.is_set():
            self.send_header("Connection", "close")  # also ends this handler's loop
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """No line per request."""


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that stopping can wait for them."""

    daemon_threads = True  # the deadline below decides, not the last thread
    request_queue_size = 128

    def __init__(self, address):
        self.connections = set()
        self.stopping = threading.Event()
        super().__init__(address, Handler)

    def server_bind(self):
        """Binds without the reverse name lookup of HTTPServer, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that went away is no error of ours; everything else is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def drain(self):
        """True when every connection ended; False where requests had to be cut."""
        self.shutdown()
        self.server_close()
        started = time.monotonic()
        if self.closed_by(started + LINGER_S):
            return True
        for connection in list(self.connections):
            stop_reading(connection)
        return self.closed_by(started + DEADLINE_S)

    def closed_by(self, deadline):
        while self.connections and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self.connections


def stop_reading(connection):
    """An idle connection sees its end; an answer that is under way can still be written."""
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError as error:
        print(f"app: a connection was closed already: {error}", file=sys.stderr)


def main():
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8080"))
    server = Server((HOST, port))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stopping.set())
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    address = "%s:%d" % server.server_address[:2]
    print(f"app {VERSION} ({COLOR}) listens on http://{address}", flush=True)
    server.stopping.wait()
    return 0 if server.drain() else 1


if __name__ == "__main__":
    sys.exit(main())
