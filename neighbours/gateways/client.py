"""A phone at a gateway: curl, because it speaks HTTP/2 and sends headers as they are written."""

import dataclasses
import json

from process import read


@dataclasses.dataclass
class Answer:
    status: int
    version: str
    headers: dict[str, str]
    body: str

    def json(self) -> dict:
        return json.loads(self.body)


class Phone:
    """The rest of the fields is what docs/gateways.md says of the gateway."""

    def __init__(self, port: int, gateway: str) -> None:
        self.port = port
        self.has_bodies_of_503 = gateway != "Envoy"
        self.large_body = 100_000 if gateway in ("nginx", "Caddy", "Traefik") else 12_000
        self.when_away = (500,) if gateway == "Traefik" else (502, 503, 504)

    def ask(self, method: str, path: str, headers: list[str] = (), body: str | None = None,
            http: str = "--http2", address: str = "127.0.0.1") -> Answer:
        host = f"login.example.com:{self.port}"
        command = ["curl", "--silent", "--show-error", "--insecure", "--include", "--max-time", "20", http,
                   "--noproxy", "*", "--interface", address, "--resolve", f"{host}:127.0.0.1"]
        command += ["--head"] if method == "HEAD" else ["--request", method]
        for header in headers:
            command += ["--header", header]
        if body is not None:
            command += ["--data-binary", body]
        text = read(*command, f"https://{host}{path}")
        head, _, body = text.replace("\r\n", "\n").partition("\n\n")
        if head.startswith("HTTP/1.1 100"):
            head, _, body = body.partition("\n\n")
        first, *lines = head.split("\n")
        version, status = first.split(" ")[:2]
        return Answer(int(status), version, dict(line.lower().split(": ", 1) for line in lines if ": " in line), body)
