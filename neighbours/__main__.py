"""Runs the service together with gateways, backends, databases and other programs, and prints the results.

    python3 neighbours                     everything
    python3 neighbours --fast              what CI runs
    python3 neighbours gateways backends   these parts
    python3 neighbours gateways:nginx      one program of a part

Builds nothing: WXLOGIN and WXSANDBOX name the programs, or they are in the target folder.
"""

import argparse
import importlib
import sys
import time

import table
from report import Report

PARTS = ("gateways", "backends", "clients", "monitoring", "databases")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 neighbours", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--fast", action="store_true", help="only what is quick and needs no large download")
    parser.add_argument("--update", action="store_true", help="write the table into docs/neighbours.md")
    arguments = parser.parse_args()

    wanted = {}
    for part in arguments.parts or PARTS:
        name, _, program = part.partition(":")
        if name not in PARTS:
            parser.error(f"there is no part {name!r}; the parts are {', '.join(PARTS)}")
        wanted.setdefault(name, set()).update({program.lower()} if program else set())

    report = Report()
    for name, programs in wanted.items():
        start = time.monotonic()
        importlib.import_module(name).run(report, programs, arguments.fast)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(table.printed(report.rows))
    if arguments.update:
        table.update(report.rows)
    return 0 if report.is_well else 1


sys.exit(main())
