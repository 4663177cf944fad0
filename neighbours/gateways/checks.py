"""What must hold behind every gateway. docs/gateways.md lists it."""

import dataclasses
import json

from process import Failure
from report import same
from service import Service

from .client import Phone

NAMES = ("x-user-id", "x-open-id", "x-app-id", "x-session-id")
SPELLINGS = ("X-{}-Id", "x-{}-id", "X_{}_Id", "x_{}-id")
PREFLIGHT = ["Origin: https://shop.example.com", "Access-Control-Request-Method: PUT"]


@dataclasses.dataclass
class Behind:
    """A gateway with the service and a backend behind it."""

    phone: Phone
    service: Service
    seen: list
    login: dict

    @property
    def token(self) -> str:
        return f"Authorization: Bearer {self.login['token']}"

    def orders(self, method: str, path: str = "/orders/1?page=2&q=%E4%BD%A0", headers: list[str] = (), **more):
        """The gateway's answer, and what the backend saw of the request."""
        self.seen.clear()
        answer = self.phone.ask(method, path, list(headers), **more)
        if len(self.seen) > 1:
            raise Failure(f"the backend was called {len(self.seen)} times")
        return answer, self.seen[0] if self.seen else None


def forged() -> list[str]:
    """Everything that a caller could take for the gateway's headers."""
    words = ("User", "Open", "App", "Session")
    return [f"{spelling.format(word)}: forged" for word in words for spelling in SPELLINGS]


def names_of(seen: dict) -> list[tuple[str, str]]:
    """The four headers as a backend reads them that does not tell `_` from `-`."""
    headers = ((name.replace("_", "-"), value) for name, value in seen["headers"])
    return sorted((name, value) for name, value in headers if name in NAMES)


def logs_in_over_tls(behind: Behind) -> None:
    for http, wanted in (("--http2", "HTTP/2"), ("--http1.1", "HTTP/1.1")):
        body = json.dumps({"platCode": behind.service.sandbox.code("alice")})
        answer = behind.phone.ask("POST", "/user/wxlogin", ["Content-Type: application/json"], body, http)
        same((answer.status, answer.version), (200, wanted), "the login")
        if http == "--http2":
            behind.login = answer.json()["data"]
        answer = behind.phone.ask("GET", "/user/me", [behind.token], http=http)
        same(answer.json()["data"]["userId"], behind.login["userId"], "the user")


def hides_what_is_not_public(behind: Behind) -> None:
    for path in ("/admin/users", "/auth/verify", "/auth/introspect", "/_verify", "/other"):
        same(behind.phone.ask("GET", path, [behind.token]).status, 404, path)


def replaces_the_four_headers(behind: Behind) -> None:
    sessions = behind.phone.ask("GET", "/user/sessions", [behind.token]).json()["data"]["items"]
    ids = {session["id"] for session in sessions}
    for headers in ([], forged(), ["X-Open-Id: a", "X-Open-Id: b"]):
        answer, seen = behind.orders("GET", headers=[behind.token, *headers])
        same(answer.status, 200, "the status")
        found = dict(names_of(seen))
        same(len(names_of(seen)), 4, f"headers of the four names in {names_of(seen)}")
        session = found.pop("x-session-id")
        if session not in ids:
            raise Failure(f"{session} is no session")
        wanted = {"x-user-id": behind.login["userId"], "x-open-id": behind.login["openId"],
                  "x-app-id": behind.service.sandbox.apps[0]["app_id"]}
        same(found, wanted, "the headers")


def passes_any_method(behind: Behind) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        body = '{"note":"你好"}' if method in ("POST", "PUT", "PATCH") else None
        answer, seen = behind.orders(method, headers=[behind.token], body=body)
        same(answer.status, 200, method)
        same((seen["method"], seen["path"], seen["body"]), (method, "/orders/1?page=2&q=%E4%BD%A0", body or ""), "the request")
    answer, _ = behind.orders("GET", "/orders/broken", [behind.token])
    same((answer.status, answer.json()["path"]), (500, "/orders/broken"), "a failure of the backend")


def passes_preflights(behind: Behind) -> None:
    answer, seen = behind.orders("OPTIONS", headers=[*PREFLIGHT, *forged()])
    same((answer.status, seen and seen["method"]), (200, "OPTIONS"), "the preflight")
    found = [value for _, value in names_of(seen) if value]
    same(found, [], "headers of the four names on a preflight")
    answer, seen = behind.orders("OPTIONS", headers=["Origin: https://shop.example.com"])
    same((answer.status, seen), (401, None), "an OPTIONS that is no preflight")
    answer, seen = behind.orders("GET", headers=PREFLIGHT)
    same((answer.status, seen), (401, None), "a GET with the header of a preflight")


def refuses_with_the_reason(behind: Behind) -> None:
    for headers, error in (([], "token_missing"), (["Authorization: Bearer x.y.z"], "token_invalid"), (forged(), "token_missing")):
        for method, body in (("GET", None), ("POST", "{}"), ("PUT", "x" * behind.phone.large_body)):
            answer, seen = behind.orders(method, headers=headers, body=body)
            same((answer.status, seen), (401, None), f"{method} without a good token")
            same(answer.json()["error"], error, "the reason")
            same(answer.headers.get("www-authenticate", "").split(" ")[0], "bearer", "WWW-Authenticate")


def counts_logins_by_caller(behind: Behind) -> None:
    """The service allows three logins a minute for each address; see the start of it."""
    def login(address: str, *headers: str) -> int:
        return behind.phone.ask("POST", "/user/wxlogin", ["Content-Type: application/json", *headers], '{"platCode":"x"}', address=address).status

    first = [login("127.0.0.2") for _ in range(4)]
    same(first, [401, 401, 401, 429], "logins of one address")
    same(login("127.0.0.2", "X-Forwarded-For: 203.0.113.9"), 429, "one with a header of its own")
    same(login("127.0.0.3", "X-Forwarded-For: 127.0.0.2"), 401, "another address")


def is_shut_while_the_service_cannot_tell(behind: Behind) -> None:
    answer, seen = behind.orders("GET", headers=[behind.token])
    same((answer.status, seen), (503, None), "while the database is away")
    if behind.phone.has_bodies_of_503:
        same(answer.json()["code"], 503, "the body")
        if "retry-after" not in answer.headers:
            raise Failure("there is no Retry-After")


def is_shut_while_the_service_is_away(behind: Behind) -> None:
    for headers in ([behind.token], [], forged()):
        answer, seen = behind.orders("GET", headers=headers)
        if answer.status not in behind.phone.when_away or seen:
            raise Failure(f"{answer.status}, and the backend saw {seen}")


def opens_again(behind: Behind) -> None:
    same(behind.orders("GET", headers=[behind.token])[0].status, 200, "after the service is back")
