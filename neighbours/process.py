"""Starts programs, finds free ports, and waits."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time


class Failure(Exception):
    """What a check found wrong, in a sentence."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what: str, ask, seconds: float = 30):
    """What `ask` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.05)
    raise Failure(f"{what}: not within {seconds:.0f} s")


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def read(*command: str, **options) -> str:
    """What a command prints on both outputs; it must succeed."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 600} | options
    done = subprocess.run(command, check=False, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


@contextlib.contextmanager
def running(command: list[str], log: pathlib.Path, port: int | None = None, **options):
    """A program and its children, until the block ends. With `port`, it listens there when the block begins."""
    with log.open("ab") as output:
        program = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **options)
    try:
        if port is not None:
            try:
                until(f"{command[0]} to listen", lambda: program.poll() is not None or is_listening(port))
                if program.poll() is not None:
                    raise Failure(f"{command[0]} ended with {program.returncode}")
            except Failure as failure:
                raise Failure(f"{failure}\n{log.read_text(errors='replace')[-3000:]}") from None
        yield program
    finally:
        stop(program)


def stop(program: subprocess.Popen) -> None:
    """Asks a program and its children to end, and kills what stays."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, order)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(timeout=10)
