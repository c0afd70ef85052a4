"""The live stream: server-sent events, pushed to each person for the records they may see.

One process serves all streams. It hears of commits through LISTEN, reads the new events
once, and asks per person, not per stream, which of them may be seen. A stream begins with
the place of now, each event carries its place as ``id``, and a browser that comes back with
``Last-Event-ID`` gets what it missed, or an event ``reset`` when that is too much: then it
should read its page anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
import structlog
from django.db import close_old_connections
from procrastinate.contrib.django.utils import connector_params

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict
from dealwright.base.events.feed import (
    FeedEvent,
    last_position,
    place_events,
    read_changes,
    read_events,
    visible_positions,
)
from dealwright.base.events.outbox import CHANNEL

log = structlog.get_logger("dealwright.stream")

HEARTBEAT_SECONDS = 20
RECHECK_SECONDS = 60
GATHER_SECONDS = 0.05  # one look at the database for what is committed at about the same time
RECONNECT_SECONDS = 2
WAITING_LIMIT = 500
BATCH = 500
STREAMS_PER_PERSON = 20

RESET = b"event: reset\ndata: {}\n\n"
HEARTBEAT = b": still here\n\n"

Authenticate = Callable[[], Actor | None]


class TooManyStreams(Exception):
    """The person holds as many streams as one may."""


@dataclass(eq=False)
class Stream:
    """One open connection. ``authenticate`` looks again whether its person is still signed in."""

    actor: Actor
    authenticate: Authenticate
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(WAITING_LIMIT))
    sent: int = 0

    @property
    def person(self) -> uuid.UUID:
        return self.actor.require_user().pk

    def push(self, event: FeedEvent) -> None:
        """Queue an event; who reads too slowly is cut off and comes back with its place."""
        if event.position > self.sent:
            self.sent = event.position
            self._put(as_message(event))

    def close(self) -> None:
        while self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(None)

    def _put(self, message: bytes) -> None:
        if self.queue.full():
            self.close()
        else:
            self.queue.put_nowait(message)


class Hub:
    """All streams of this process and the one connection that listens for them."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.position: int | None = None  # unknown until the first look
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="stream")
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to listen; once per process, in its event loop."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(run())
                for run in (self._listen, self._distribute, self._recheck)
            ]

    async def stop(self) -> None:
        """Let go of every stream and of the database."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for stream in list(self.streams):
            stream.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def open(
        self, authenticate: Authenticate, *, after: int | None
    ) -> AsyncGenerator[bytes, None] | None:
        """The messages of a new stream, or None where nobody is signed in.

        Raises TooManyStreams.
        """
        actor = await self.in_thread(authenticate)
        if actor is None or actor.user is None:
            return None
        stream = Stream(actor, authenticate)
        if sum(each.person == stream.person for each in self.streams) >= STREAMS_PER_PERSON:
            raise TooManyStreams
        return self._messages(stream, after)

    async def in_thread[T](self, function: Callable[..., T], *values: Any) -> T:
        """Run a function that talks to the database through Django."""

        def run() -> T:
            close_old_connections()
            try:
                return function(*values)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    async def _messages(self, stream: Stream, after: int | None) -> AsyncGenerator[bytes, None]:
        self.streams.add(stream)
        try:
            yield await self._opening(stream, after)
            while True:
                try:
                    message = await asyncio.wait_for(stream.queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    message = HEARTBEAT
                if message is None:
                    return
                yield message
        finally:
            self.streams.discard(stream)

    async def _opening(self, stream: Stream, after: int | None) -> bytes:
        """How long to wait before coming back, what was missed, and the place of now.

        The stream is registered before this looks, so nothing falls between.
        """
        start = b"retry: 3000\n"
        if after is None:
            now = await self.in_thread(_now)
            stream.sent = max(stream.sent, now)
            return start + f"id: {now}\n\n".encode()
        missed, place, too_much = await self.in_thread(_missed, stream.actor, after)
        stream.sent = max(stream.sent, place)
        parts = [RESET] if too_much else [as_message(event) for event in missed]
        return start + b"\n" + b"".join(parts) + f"id: {place}\n\n".encode()

    async def _listen(self) -> None:
        """Wake ``_distribute`` on each commit of events; comes back by itself after a failure."""
        while True:
            try:
                parameters = connector_params("default")
                async with await psycopg.AsyncConnection.connect(
                    **parameters, autocommit=True
                ) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    self._news.set()  # what happened while nobody listened
                    async for _ in connection.notifies():
                        self._news.set()
            except psycopg.Error as error:
                log.warning("stream lost the database", error=str(error))
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _distribute(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._news.clear()
            try:
                await self._push_news()
            except Exception as error:
                log.exception("stream failed to read events", exc_info=error)
                await asyncio.sleep(RECONNECT_SECONDS)
                self._news.set()

    async def _push_news(self) -> None:
        while True:
            events, self.position = await self.in_thread(_news, self.position)
            people: dict[uuid.UUID, list[Stream]] = defaultdict(list)
            for stream in self.streams:
                people[stream.person].append(stream)
            if events and people:
                actors = {person: streams[0].actor for person, streams in people.items()}
                seen = await self.in_thread(_who_sees, actors, events)
                for person, positions in seen.items():
                    for stream in people[person]:
                        for event in events:
                            if event.position in positions:
                                stream.push(event)
            if len(events) < BATCH:
                return

    async def _recheck(self) -> None:
        """Once a minute: who signed out or was deactivated goes, and rights are read anew."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            for stream in list(self.streams):
                with contextlib.suppress(Exception):
                    actor = await self.in_thread(stream.authenticate)
                    if actor is None or actor.user is None:
                        stream.close()
                    else:
                        stream.actor = actor


def as_message(event: FeedEvent) -> bytes:
    """The event on the wire."""
    data = {
        "name": event.name,
        "object": event.object,
        "record_id": event.record_id,
        "seq": event.position,
        "actor_id": event.actor_id,
    }
    return b"id: %d\ndata: %s\n\n" % (event.position, orjson.dumps(data))


def _now() -> int:
    place_events()
    return last_position()


def _news(position: int | None) -> tuple[Sequence[FeedEvent], int]:
    """What was committed after ``position``; at first only the place of now."""
    if position is None:
        return [], _now()
    place_events()
    events = read_events(position, BATCH)
    return events, events[-1].position if events else position


def _who_sees(
    actors: dict[uuid.UUID, Actor], events: Sequence[FeedEvent]
) -> dict[uuid.UUID, set[int]]:
    return {person: visible_positions(actor, events) for person, actor in actors.items()}


def _missed(actor: Actor, after: int) -> tuple[Sequence[FeedEvent], int, bool]:
    """What the actor missed, the place it reaches to, and whether that is too much to send."""
    place_events()
    try:
        changes = read_changes(actor, after, limit=BATCH)
    except Conflict:
        return [], last_position(), True
    if changes.more:
        return [], last_position(), True
    return changes.events, changes.cursor, False
