# SPDX-License-Identifier: Apache-2.0
"""A policy administrator on loopback: what it signs, and an HTTPS server that says what it is told."""
import http.server
import os
import socket
import ssl
import subprocess
import threading
import time

from world import BUILD


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        status, body = self.server.said.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_port = True

    def handle_error(self, *_):
        pass  # a client that has gone


class Pa:
    """list(…) and crl(…) sign and say it from then on."""

    def __init__(self, folder):
        self.folder, self.server, self.said = folder, None, {}
        # keeps the port ours, without listening, while nobody is there
        self.place = socket.socket()
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        with open(folder("pa-signer.pem"), "rb") as file:
            self.said["/signer.pem"] = (200, file.read())

    def url(self, path):
        return f"https://localhost:{self.port}{path}"

    def start(self):
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.said, self.server.asked = self.said, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder("tls.pem"), self.folder("tls.key"))
        # the handshake in the thread of the connection
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def close(self):
        self.stop()
        self.place.close()

    def make(self, what, *arguments):
        out = self.folder(f"{what}.out")
        subprocess.run([os.path.join(BUILD, "make_pki"), what, out, *map(str, arguments)], check=True)
        with open(out, "rb") as file:
            return file.read()

    def list(self, sequence, lasts=3600, roots=("roots",), key="pa-signer"):
        body = self.make("list", self.folder(key + ".key"), self.url("/signer.pem"), sequence,
                         int(time.time()) + lasts, *(self.folder(root + ".pem") for root in roots))
        self.said["/ca-list"] = (200, body)
        return self

    def crl(self, number, revoked=(), lasts=3600, issuer="pa"):
        now = int(time.time())
        body = self.make("crl", self.folder(issuer + ".pem"), self.folder(issuer + ".key"), number, now - 60,
                         now + lasts, *(self.folder(name + ".pem") for name in revoked))
        self.said["/crl"] = (200, body)
        return self

    def list_block(self, name="us", **more):
        return self.block("list", name, {"kind": '"ca-list"', "url": f'"{self.url("/ca-list")}"', **more})

    def crl_block(self, name="us", **more):
        return self.block("crl", name, {"url": f'"{self.url("/crl")}"', **more})

    def block(self, kind, name, keys):
        keys = {"anchor": '"pa.pem"', "poll_s": 1, **keys}
        return f'{kind} "{name}" {{ ' + " ".join(f"{key} = {value}" for key, value in keys.items()) + " }\n"
