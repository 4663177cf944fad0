"""TLS in front of a port, for programs that want https."""

import contextlib
import pathlib
import socket
import socketserver
import ssl
import threading

from process import read


def make_certificate(folder: pathlib.Path) -> pathlib.Path:
    """A certificate for this machine, which is its own authority: `tls.pem` and `tls.key`."""
    certificate = folder / "tls.pem"
    read("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", f"{folder}/tls.key", "-out", str(certificate))
    return certificate


class Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as client, \
                socket.create_connection(("127.0.0.1", self.server.behind)) as server:
            back = threading.Thread(target=pass_on, args=(server, client), daemon=True)
            back.start()
            pass_on(client, server)
            back.join()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def tls(folder: pathlib.Path, port: int, behind: int):
    """`https://127.0.0.1:port` is the service on the port `behind`."""
    server = Server(("127.0.0.1", port), Handler)
    server.behind = behind
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
