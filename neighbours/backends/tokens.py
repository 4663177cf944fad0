"""A good token, and those that a backend must refuse."""

import base64
import json
import pathlib
import time

from service import Sandbox, service


def made(folder: pathlib.Path, wechat: Sandbox, login: dict, settings: dict[str, str]) -> dict[str, str]:
    """`login` is one at the service that has `settings`; the others are of replicas on its database."""
    tokens = {"good": login["token"]}
    changes = {
        "for another audience": {"TOKENS__AUDIENCE": "payments"},
        "of another issuer": {"TOKENS__ISSUER": "https://127.0.0.1:1"},
        "that has expired": {"TOKENS__ACCESS_TTL_S": "1"},
    }
    for kind, change in changes.items():
        with service(folder, wechat, **(settings | change)) as replica:
            tokens[kind] = replica.login()["token"]
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    with service(elsewhere, wechat, **settings) as other:
        tokens["of another key"] = other.login()["token"]

    header, claims, signature = login["token"].split(".")
    changed = encoded({**decoded(claims), "sub": "00000000-0000-7000-8000-000000000000"})
    tokens["with another user"] = f"{header}.{changed}.{signature}"
    tokens["with the algorithm none"] = f"{encoded({**decoded(header), 'alg': 'none'})}.{claims}."
    tokens["that is the refresh token"] = login["refreshToken"]
    # The one of a second is past its end for every library, whatever it rounds.
    end = decoded(tokens["that has expired"].split(".")[1])["exp"] + 1
    while time.time() < end:
        time.sleep(0.1)
    return tokens


def decoded(part: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encoded(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
