from __future__ import annotations

import asyncio
import logging
import signal
import threading
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django.procrastinate_app import app
from procrastinate.contrib.django.utils import connector_params

from channels_whatsapp.tasks import at_start

LONGEST_WAIT = 30.0

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Runs jobs until it is stopped; comes back by itself after the database was away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=10, help="jobs at a time (10)")
        parser.add_argument("--grace", type=float, default=20, help="seconds to finish jobs on a stop (20)")

    def handle(self, *, concurrency: int, grace: float, **_: Any) -> None:
        logger.info("worker: ready for jobs, %s at a time", concurrency)
        keeper = WorkerLoop(concurrency, grace)
        keeper.run()
        logger.info("worker: stopped")


class WorkerLoop:
    """Procrastinate's worker ends without an error when it loses the database. This starts it again."""

    def __init__(self, concurrency: int, grace: float) -> None:
        self.concurrency, self.grace = concurrency, grace
        self.is_stopping = False

    def run(self) -> None:
        wait = 1.0
        while not self.is_stopping:
            started = asyncio.run(self._work())
            wait = 1.0 if started else min(wait * 2, LONGEST_WAIT)
            if not self.is_stopping:
                logger.warning("worker: lost the database, trying again in %.0f s", wait)
                asyncio.run(self._sleep(wait))

    async def _work(self) -> bool:
        """One life of a worker. False when it could not even begin."""
        # asyncio's own pool is as small as the machine, and each job waits for the network in its thread.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(self.concurrency, "job"))
        began = False
        try:
            async with worker_app().open_async() as working:
                began = True
                await sync_to_async(at_start)()
                await self._stoppable(working.run_worker_async(**self._options()))
        except Exception as error:
            logger.warning("worker: %s", type(error).__name__)
        finally:
            # Of the thread from which Procrastinate defers periodic jobs. Nobody else closes it, and
            # broken once it would end every further life of this worker.
            await sync_to_async(connections.close_all)()
        return began

    def _options(self) -> dict[str, Any]:
        return {
            "concurrency": self.concurrency,
            # Retries, and the next job of a lock, are only noticed by polling.
            "fetch_job_polling_interval": 0.5,
            "delete_jobs": "successful",
            "shutdown_graceful_timeout": self.grace,
            "install_signal_handlers": False,
        }

    async def _sleep(self, seconds: float) -> None:
        await self._stoppable(asyncio.sleep(seconds))

    async def _stoppable(self, work: Any) -> None:
        """Await `work`, and cancel it on the first SIGTERM or SIGINT: a worker then finishes its jobs."""
        task = self._current = asyncio.ensure_future(work)
        loop = self._loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop, task)
        try:
            await task
        except asyncio.CancelledError:
            if not self.is_stopping:
                raise

    def _stop(self, task: asyncio.Future[Any]) -> None:
        if not self.is_stopping:
            self.is_stopping = True
            task.cancel()

    def stop_from_outside(self) -> None:
        """As a signal does, for a thread that cannot be signalled."""
        self._loop.call_soon_threadsafe(self._stop, self._current)


def worker_app() -> App:
    """A twin of the app, on connections for fetching jobs.

    The app itself keeps Django's connection, so that a job deferred inside a task commits or rolls back
    with that task's transaction. Procrastinate's own command replaces the connection for both.
    """
    if settings.DATABASE_DIRECT_URL:
        return app.with_connector(PsycopgConnector(conninfo=settings.DATABASE_DIRECT_URL))
    return app.with_connector(PsycopgConnector(kwargs=connector_params()))
