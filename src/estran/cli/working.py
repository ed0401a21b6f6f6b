"""Work that outlives the command that asked for it: doing it, and looking at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, complain, open_node, print_json, say

if TYPE_CHECKING:
    from collections.abc import Generator

    from estran.jobs import Job
    from estran.node import Node

_AGAIN_S = 5.0
_END_S = 60.0

jobs_app = typer.Typer(help="Jobs: work that “estran work” does.", no_args_is_help=True)


def work(
    node: NodeOption = HERE,
    once: Annotated[
        bool, typer.Option("--once", help="Do what there is to do, then end: for cron and the like.")
    ] = False,
    tied: Annotated[bool, typer.Option("--tied", hidden=True)] = False,
    quiet: QuietOption = False,
) -> None:
    """Do the jobs that wait, what schedules ask for and what feeds bring, until interrupted; several may work at once."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda told, _: _told(stop, told, quiet=quiet))
    if tied:
        threading.Thread(target=_until_the_end_of_input, args=(stop,), daemon=True).start()
    with open_node(node) as opened, _hearing(opened, stop, wanted=not once, quiet=quiet):
        ended = opened.jobs.execute(once=once, stop=stop, say=lambda text: say(text, quiet=quiet))
    if not ended:
        say("A step had not ended; it will be done again.", quiet=quiet)
        _leave(0)


@contextmanager
def _hearing(node: Node, stop: threading.Event, *, wanted: bool, quiet: bool) -> Generator[None]:
    """Beside the jobs, hear the brokers of feeds."""
    if not wanted:
        yield
        return
    from estran.observations.feeds.listening import listen  # noqa: PLC0415 - heavy

    given = {**node.settings.listening(), "stop": stop, "say": lambda text: say(text, quiet=quiet)}
    hearing = threading.Thread(
        target=listen, args=(lambda: node.observations.feeds,), kwargs=given, name="estran-hearing"
    )
    hearing.start()
    try:
        yield
    finally:
        stop.set()
        hearing.join(_END_S)


@jobs_app.command("list")
def jobs_list(
    node: NodeOption = HERE,
    work: Annotated[str, typer.Option(help="Only of this kind, such as harvest.")] = "",
    state: Annotated[
        Literal["queued", "running", "done", "failed", "cancelled"] | None,
        typer.Option(help="Only in this state."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List jobs, the newest first."""
    with open_node(node) as opened:
        found = opened.jobs.list(work=work, state=state, limit=limit).jobs
    for job in found:
        if json:
            print_json(_told_of(job))
        else:
            how = job.error or " ".join(f"{key} {value}" for key, value in job.progress.items())
            typer.echo(f"{job.state:9}  {job.queued:%Y-%m-%d %H:%M}  {job.id}  {how}".rstrip())


@jobs_app.command("show")
def jobs_show(
    id: Annotated[str, typer.Argument(help="Of the job.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show one job: where it stands, how far it is, why it failed."""
    with open_node(node) as opened:
        found = _told_of(opened.jobs.status(id))
    if json:
        print_json(found)
        return
    for key, value in found.items():
        if value not in (None, "", {}, False):
            typer.echo(f"{key:9}  {value}")


@jobs_app.command("cancel")
def jobs_cancel(
    id: Annotated[str, typer.Argument(help="Of the job.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Cancel a job: at once if it waits, else after the step that it is in."""
    with open_node(node) as opened:
        job = opened.jobs.cancel(id)
    if json:
        print_json(_told_of(job))
    else:
        say(f"{id} ends after its step." if job.stopping else f"{id} is cancelled.", quiet=quiet)


@jobs_app.command("schedules")
def jobs_schedules(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List what is done again and again, and when next."""
    with open_node(node) as opened:
        opened.jobs.follow()
        found = opened.jobs.schedules()
    for one in found:
        times = [one.next, *one.then]
        if json:
            row = {"name": one.name, "cron": one.cron, "work": one.work, "arguments": one.arguments}
            print_json({**row, "next": times})
        else:
            typer.echo(f"{one.name:24}  {one.cron:14}  next {one.next:%Y-%m-%d %H:%M} UTC")


@contextmanager
def worker_beside(node: Path, *, wanted: bool) -> Generator[None]:
    """A worker in a process of its own, begun again if it should end, and ended with this one."""
    if not wanted:
        yield
        return
    over = threading.Event()
    keeping = threading.Thread(target=_keep, args=(node, over))
    keeping.start()
    try:
        yield
    finally:
        over.set()
        keeping.join()


def _keep(node: Path, over: threading.Event) -> None:
    command = [sys.executable, "-m", "estran", "work", "--node", str(node), "--quiet", "--tied"]
    while not over.is_set():
        # Its input ends with this process, however that ends: then it stops by itself.
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - this very program
            ended = threading.Thread(target=process.wait)
            ended.start()
            while ended.is_alive() and not over.wait(0.2):
                pass
            if process.stdin:
                process.stdin.close()
            ended.join(_END_S)
            if ended.is_alive():
                process.kill()
        if not over.wait(_AGAIN_S):
            complain(f"The worker ended by itself ({process.returncode}); another begins.")


def _told(stop: threading.Event, number: int, *, quiet: bool) -> None:
    """On a signal: leave after the steps; on the second one, now."""
    if stop.is_set():
        _leave(128 + number)
    stop.set()
    say("Ending the steps that are under way; once more to leave at once.", quiet=quiet)


def _leave(code: int) -> None:
    """End, although threads are still at work: what they do will be done again."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _until_the_end_of_input(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


def _told_of(job: Job) -> dict[str, Any]:
    return {
        "id": job.id, "work": job.work, "arguments": job.arguments, "state": job.state,
        "stopping": job.stopping, "progress": job.progress, "result": job.result, "error": job.error,
        "queued": job.queued, "started": job.started, "ended": job.ended, "worker": job.worker,
    }  # fmt: skip
