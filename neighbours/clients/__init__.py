"""Clients that generators make of the OpenAPI document: each compiles and logs in."""

import json
import os
import pathlib
import re
import shutil
import tempfile

from backends import installed
from process import Failure, read
from report import Report, same
from service import WXLOGIN, Service, sandbox, service

# openapi-python-client reads no pictures and no XML, and leaves these out.
LEFT_OUT = {"GET /avatars/{name}", "POST /wechat/events/{appId}"}
HERE = pathlib.Path(__file__).resolve().parent


def run(report: Report, wanted: set[str], _fast: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name:
        folder = pathlib.Path(name)
        document = read(WXLOGIN, "openapi", stderr=None)
        with sandbox(folder) as wechat, service(folder, wechat) as replica:
            for program, makes in (("openapi-typescript", typescript), ("orval", orval), ("openapi-python-client", python)):
                if wanted and program not in wanted:
                    continue
                row = report.row("client", program, version(program))
                row.check("makes a client that compiles and logs in", logs_in, makes, document, replica)


def logs_in(makes, document: str, replica: Service) -> None:
    environment = os.environ | {"SERVICE": replica.url, "CODE": replica.sandbox.code("alice")}
    found = json.loads(read(*makes(document), env=environment, stderr=None).splitlines()[-1])
    wanted = replica.login("alice")["userId"]
    same(found, {"userId": wanted, "me": wanted, "refused": "code_invalid"}, "what the client saw")


def version(program: str) -> str:
    files = {"package.json": json.loads((HERE / "package.json").read_text())["dependencies"],
             "requirements.txt": dict(line.split("==") for line in (HERE / "requirements.txt").read_text().split())}
    return next(versions[program] for versions in files.values() if program in versions)


def node(document: str) -> pathlib.Path:
    home = installed.node(HERE)
    for file in [*HERE.glob("*.ts"), HERE / "tsconfig.json", HERE / "orval.config.mjs"]:
        shutil.copy(file, home)
    (home / "openapi.json").write_text(document)
    return home


def compiled(home: pathlib.Path, program: str) -> list[str]:
    settings = json.loads((home / "tsconfig.json").read_text()) | {"include": [program]}
    (home / "tsconfig.one.json").write_text(json.dumps(settings))
    read(f"{home}/node_modules/.bin/tsc", "--project", "tsconfig.one.json", cwd=home)
    return ["node", f"{home}/out/{program.removesuffix('.ts')}.js"]


def typescript(document: str) -> list[str]:
    home = node(document)
    read(f"{home}/node_modules/.bin/openapi-typescript", "openapi.json", "--output", "schema.d.ts", cwd=home)
    return compiled(home, "typescript.ts")


def orval(document: str) -> list[str]:
    home = node(document)
    read(f"{home}/node_modules/.bin/orval", "--config", "orval.config.mjs", cwd=home)
    return compiled(home, "orval.ts")


def python(document: str) -> list[str]:
    programs = installed.python(HERE)
    home = programs.parent
    (home / "openapi.json").write_text(document)
    (home / "settings.json").write_text(json.dumps({"post_hooks": []}))
    said = read(f"{programs}/openapi-python-client", "generate", "--path", "openapi.json", "--meta", "none", "--overwrite",
                "--config", "settings.json", "--output-path", "wxlogin_client", cwd=home)
    if "Unable to process schema" in said or set(re.findall("WARNING parsing (.*) within", said)) != LEFT_OUT:
        raise Failure(said)
    shutil.copy(HERE / "python_client.py", home)
    return [f"{programs}/python", f"{home}/python_client.py"]
