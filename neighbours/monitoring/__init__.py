"""Prometheus and VictoriaMetrics beside the service, with the rules and the dashboard of deploy/."""

import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.error
import urllib.parse

from process import Failure, free_port, read, running, until
from report import Report, same
from service import ROOT, Service, fetch, sandbox, service

RULES = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "wxlogin.json"
# What Grafana puts in.
VARIABLES = {"$__rate_interval": "4s", "$app": ".*"}


def run(report: Report, wanted: set[str], fast: bool) -> None:
    if not wanted or "promtool" in wanted:
        promtool(report)
    for name, program, start, is_slow in (("Prometheus", "prometheus", prometheus, False),
                                          ("VictoriaMetrics", "victoria-metrics", victoria_metrics, True)):
        if (not wanted or name.lower() in wanted) and not (fast and is_slow):
            row = report.row("monitoring", name, version(program))
            row.check("runs", scrapes, row, start)


def version(program: str) -> str:
    found = re.search(r"\d+\.\d+\.\d+", read("dpkg-query", "--showformat=${Version}", "--show", program))
    return found[0]


def promtool(report: Report) -> None:
    row = report.row("monitoring", "promtool", version("prometheus"))
    row.check("the rules hold their tests", read_in, RULES, "promtool", "test", "rules", "alerts.test.yml")
    row.check("the configuration", read_in, RULES, "promtool", "check", "config", "prometheus.yml")
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name, used_service(pathlib.Path(name)) as replica:
        row.check("the metrics", lint, replica)


def read_in(folder: pathlib.Path, *command: str) -> None:
    read(*command, cwd=folder)


def lint(replica: Service) -> None:
    page = fetch(f"http://127.0.0.1:{replica.ops_port}/metrics")
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    same((done.returncode, done.stderr.decode()), (0, ""), "promtool check metrics")


@contextlib.contextmanager
def used_service(folder: pathlib.Path):
    """A service of which every metric has counted something."""
    with sandbox(folder) as wechat, service(folder, wechat) as replica:
        use(replica)
        yield replica


def use(replica: Service) -> None:
    login = replica.login("alice")
    post(replica, "/user/refresh", {"refreshToken": login["refreshToken"]})
    post(replica, "/user/wxlogin", {"platCode": "spent"})
    fetch(f"{replica.url}/user/me", headers={"authorization": f"Bearer {login['token']}"})


def post(replica: Service, path: str, body: dict) -> None:
    with contextlib.suppress(urllib.error.HTTPError):
        fetch(replica.url + path, json.dumps(body).encode())


def scrapes(row, start) -> None:
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name:
        folder = pathlib.Path(name)
        with used_service(folder) as replica, start(folder, replica) as url:
            row.check("reads every metric", reads_every_metric, url, replica)
            # A rate needs two samples.
            until("two samples of a counter", lambda: use(replica) or ask(url, "rate(logins_total[10s]) > 0"))
            row.check("answers every query", answers_every_query, url)


@contextlib.contextmanager
def prometheus(folder: pathlib.Path, replica: Service):
    port = free_port()
    settings = scrape(folder, replica, {"rule_files": [str(RULES / "alerts.yml")]})
    command = ["prometheus", f"--config.file={settings}", f"--storage.tsdb.path={folder}/tsdb",
               f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, folder / "prometheus.log", port):
        url = f"http://127.0.0.1:{port}"
        # It listens before it has read its own log, and refuses queries until then.
        until("Prometheus to be ready", lambda: answers(f"{url}/-/ready"))
        yield url


@contextlib.contextmanager
def victoria_metrics(folder: pathlib.Path, replica: Service):
    port = free_port()
    settings = scrape(folder, replica, {})
    command = ["victoria-metrics", f"-promscrape.config={settings}", f"-storageDataPath={folder}/vm",
               f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s"]
    with running(command, folder / "victoria.log", port):
        url = f"http://127.0.0.1:{port}"
        until("VictoriaMetrics to be ready", lambda: answers(f"{url}/health"))
        yield url


def answers(url: str) -> bool:
    with contextlib.suppress(OSError):
        fetch(url)
        return True
    return False


def scrape(folder: pathlib.Path, replica: Service, more: dict) -> pathlib.Path:
    """The settings of a scraper, in JSON, which is YAML too."""
    target = {"targets": [f"127.0.0.1:{replica.ops_port}"]}
    path = folder / "scrape.yml"
    path.write_text(json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                                "scrape_configs": [{"job_name": "wxlogin", "static_configs": [target]}], **more}))
    return path


def ask(url: str, query: str) -> list:
    try:
        answer = json.loads(fetch(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"))
    except urllib.error.HTTPError as error:
        raise Failure(f"{query}: {error.read().decode()}") from error
    return answer["data"]["result"]


def reads_every_metric(url: str, replica: Service) -> None:
    page = fetch(f"http://127.0.0.1:{replica.ops_port}/metrics").decode()
    for line in page.splitlines():
        if match := re.match(r"# TYPE (\w+) (\w+)$", line):
            name = f"{match[1]}_bucket" if match[2] == "histogram" else match[1]
            until(f"the series {name}", lambda name=name: ask(url, f'{name}{{job="wxlogin"}}'))


def answers_every_query(url: str) -> None:
    """All queries are understood, and each reads metrics that are there."""
    known = {series["metric"]["__name__"] for series in ask(url, '{job="wxlogin"}')}
    for query in queries():
        ask(url, query)
        names = set(re.findall(r"\b[a-z]+_[a-z_]+(?=[{\[)\s]|$)", query))
        if lost := names - known:
            raise Failure(f"{query} reads {lost}, which the service does not export")


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    found = [target["expr"] for panel in panels for target in panel["targets"]]
    alerts = (RULES / "alerts.yml").read_text()
    # On one line, or after `|` on the lines that are indented further.
    rules = re.findall(r"^ {8}expr: (\|\n(?: {10}.*\n)+|.+)", alerts, re.MULTILINE)
    found += [text.removeprefix("|").strip() for text in rules]
    for name, value in VARIABLES.items():
        found = [query.replace(name, value) for query in found]
    return found
