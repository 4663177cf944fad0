"""Starts each receiver of docs/push.md and sends it messages as the relay does."""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from standardwebhooks import Webhook

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_" + base64.b64encode(os.urandom(32)).decode()
NODE = ["node", "--no-warnings", "--import", "../loopback.mjs"]
JSON = '{"Event": "xpay_goods_deliver_notify",\n  "OutTradeNo": "订单-1", "Price": 1.0}'
XML = "<xml><MsgType><![CDATA[text]]></MsgType>\n  <Content><![CDATA[你好 & <世界>]]></Content></xml>"

# How each is started, in its folder; {port} is filled in.
RECEIVERS = {
    "Express": [*NODE, "express.mjs"],
    "NestJS": [*NODE, "dist/nestjs.js"],
    "Koa": [*NODE, "koa.mjs"],
    "Fastify": [*NODE, "fastify.mjs"],
    "Egg": [*NODE, "../egg.mjs"],
    "FastAPI": ["uvicorn", "fastapi_app:app", "--log-level", "warning", "--port", "{port}"],
    "Flask": ["flask", "--app", "flask_app", "run", "--port", "{port}"],
}


def blocks(document):
    """The code blocks as (heading, file, text); the first line names the file."""
    found = []
    heading = ""
    for match in re.finditer(r"^### ([^\n]+)$|^```\w+\n(?://|#) (\S+\.\w+)\n(.*?)^```$", document, re.M | re.S):
        if match[1]:
            heading = match[1]
        else:
            found.append((heading, match[2], match[3]))
    return found


def by_hand(secret, id, at, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{id}.{at}.{body}".encode(), hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def by_pypi(secret, id, at, body):
    return Webhook(secret).sign(id, datetime.fromtimestamp(at, timezone.utc), body)


def by_npm(secret, id, at, body):
    run = subprocess.run(["node", "sign.mjs"], input=json.dumps([[id, at, body]]), text=True, capture_output=True,
                         check=True, env={**os.environ, "HOOK_SECRET": secret})
    return json.loads(run.stdout)[0]


def check_signers():
    """The relay, both libraries and the signature by hand agree on the vector of the relay's own test."""
    source = (ROOT / "crates/api/src/relay/webhook.rs").read_text()
    test = source[source.index("fn the_published_vector_holds"):]
    secret = re.search(r'parse\("(.+?)"\)', test)[1]
    id, at, body = re.search(r'sign\(\s*"(.+?)",\s*([\d_]+),\s*br#"(.+?)"#', test).groups()
    signature = re.search(r'"(v1,.+?)"', test)[1]
    for sign in (by_hand, by_pypi, by_npm):
        assert sign(secret, id, int(at), body) == signature, f"{sign.__name__} signs otherwise than the relay"


def write(work, name, all_blocks):
    """Writes the receiver's files, and returns its folder."""
    folder = work / name.lower()
    for heading, file, text in all_blocks:
        if heading in ("", name):
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    kind = "commonjs" if name == "Egg" else "module"
    (folder / "package.json").write_text(json.dumps({"name": name.lower(), "type": kind}))
    if name == "NestJS":
        shutil.copy(work / "tsconfig.json", folder)
        subprocess.run(["tsc"], cwd=folder, check=True)
    return folder


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(process, port):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, f"it ended with {process.returncode}"
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("it does not listen after 60 s")


def post(port, body, event, id, at, signature):
    """The status and the body of the answer."""
    kind = "text/xml; charset=utf-8" if body.startswith("<") else "application/json"
    headers = {"Content-Type": kind, "webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature,
               "X-WX-App-Id": "wx0123456789abcdef", "X-WX-Event": event}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/wechat", body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def messages(name):
    """What is sent: (column, body, event, id, timestamp, signature, whether it is taken)."""
    library = by_pypi if name in ("FastAPI", "Flask") else by_npm
    now = int(time.time())
    order, text = (JSON, "xpay_goods_deliver_notify"), (XML, "msg:text")
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    rows = []
    for column, message, id, at, sign, taken in [
        ("JSON", order, "id-json", now, library, True),
        ("XML", text, "id-xml", now, library, True),
        ("by hand", order, "id-hand", now, by_hand, True),
        ("by hand", text, "id-hand-xml", now, by_hand, True),
        ("again", order, "id-json", now + 5, library, True),
        ("again", text, "id-xml", now + 5, by_hand, True),
        ("stale", order, "id-stale", now - 600, library, False),
        ("stale", text, "id-future", now + 600, by_hand, False),
    ]:
        rows.append((column, *message, id, at, sign(SECRET, id, at, message[0]), taken))
    rows.append(("forged", *order, "id-forged", now, by_hand(other, "id-forged", now, JSON), False))
    rows.append(("forged", *text, "id-forged", now, by_hand(SECRET, "id-forged", now, XML + " "), False))
    for malformed in ("", "x", "v1,", "v1,A", "v1,%%%"):
        rows.append(("forged", *text, "id-forged", now, malformed, False))
    return rows


def check(work, name, all_blocks):
    """Runs one receiver; returns column -> failure or ''."""
    assert any(heading == name for heading, *_ in all_blocks), f"docs/push.md has no block for {name}"
    folder = write(work, name, all_blocks)
    port = free_port()
    command = [part.format(port=port) for part in RECEIVERS[name]]
    log = open(folder / "log", "w+")
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log,
                               env={**os.environ, "HOOK_SECRET": SECRET, "PORT": str(port)})
    result, expected = {}, {}
    try:
        wait_for(process, port)
        for column, body, event, id, at, signature, taken in messages(name):
            status, answer = post(port, body, event, id, at, signature)
            if taken:
                expected[id] = (event, body)
                good = 200 <= status < 300 and answer == b""
            else:
                good = 400 <= status < 500
            failure = "" if good else f"{status} {answer[:60]!r}"
            result[column] = result.get(column) or failure
        with closing(sqlite3.connect(folder / "inbox.db")) as db:
            rows = db.execute("select id, event, body from inbox").fetchall()
        good = len(rows) == len(expected) and {id: tuple(rest) for id, *rest in rows} == expected
        result["kept once"] = "" if good else f"kept {rows}"
    except AssertionError as error:
        result["start"] = str(error)
    finally:
        process.terminate()
        process.wait()
        log.seek(0)
        if any(result.values()):
            print(f"--- {name}\n{log.read()}", file=sys.stderr)
    return result


def main():
    work, names = Path(sys.argv[1]), sys.argv[2:] or list(RECEIVERS)
    os.chdir(work)
    english = blocks((ROOT / "docs/push.md").read_text())
    assert english == blocks((ROOT / "docs/push.zh-CN.md").read_text()), "the two documents have other code blocks"
    check_signers()
    columns = ["JSON", "XML", "by hand", "again", "forged", "stale", "kept once"]
    print("".join(f"{column:<10}" for column in ["", *columns]))
    failures = []
    for name in names:
        result = check(work, name, english)
        cells = ["ok" if result.get(column) == "" else "FAILED" for column in columns]
        print("".join(f"{cell:<10}" for cell in [name, *cells]), flush=True)
        failures += [f"{name}, {column}: {failure}" for column, failure in result.items() if failure]
    print(*failures, sep="\n", file=sys.stderr, end="")
    sys.exit(bool(failures))


main()
