"""Load on a server from a process of its own: every answer is counted and compared, every broken connection told. Not a test by itself."""
import asyncio
import collections
import multiprocessing
import ssl
import time


class Tally:
    """What became of requests: how many of each status, their seconds, and what was wrong."""

    def __init__(self):
        self.statuses, self.seconds = collections.Counter(), collections.defaultdict(list)
        self.broken, self.wrong, self.without_retry_after = [], [], 0
        self.asked, self.took = 0, 0.0

    def note(self, status, seconds, head, body, answers):
        self.statuses[status] += 1
        self.seconds[status].append(seconds)
        if status == 200 and answers and body not in answers:
            self.wrong.append(body[:200])
        if status == 503 and b"\nretry-after:" not in head.lower():
            self.without_retry_after += 1

    def quantile(self, status, part):
        ordered = sorted(self.seconds[status])
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0

    def good(self, within=None):
        """Answers 200 a second; `within`: those alone that took no longer."""
        times = self.seconds[200]
        return (len(times) if within is None else sum(one <= within for one in times)) / max(self.took, 1e-9)

    def bad(self):
        """Requests that got no right answer 200."""
        return self.asked - self.statuses[200] + len(self.wrong)

    def __str__(self):
        troubles = [f"{len(self.broken)} broken: {self.broken[:3]}"] * bool(self.broken) + [f"{len(self.wrong)} wrong: {self.wrong[:3]}"] * bool(self.wrong)
        return ", ".join([f"{self.asked} asked in {self.took:.1f} s", f"{dict(self.statuses)}", *troubles])


class Connection(asyncio.Protocol):
    """One request at a time over a connection that is kept."""

    def __init__(self):
        self.got, self.answer, self.is_open = bytearray(), None, False

    def connection_made(self, transport):
        self.transport, self.is_open = transport, True

    def ask(self, request):
        self.got.clear()
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def data_received(self, data):
        self.got += data
        end = self.got.find(b"\r\n\r\n")
        if end < 0 or self.answer is None or self.answer.done():
            return
        head = bytes(self.got[:end])
        low = head.lower()
        at = low.find(b"\r\ncontent-length:")
        length = int(low[at + 17:].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.got) < end + 4 + length:
            return
        if b"\r\nconnection: close" in low:
            self.is_open = False
            self.transport.close()
        self.answer.set_result((int(head[9:12]), head, bytes(self.got[end + 4:end + 4 + length])))

    def connection_lost(self, error):
        self.is_open = False
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError(f"cut within a request ({error or 'end of stream'})"))


def request(path, body=b"", method="POST", headers=()):
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


class Load:
    """Asks `requests`, pairs of bytes and the right bodies (none: any), in turn; a context, within which it asks.

    rate: requests a second at their times, however long answers take (an open loop), over at most `connections`; None: each connection asks again
    once it is answered. pause: seconds between a connection's requests. tls: a certificate that is to be trusted. Threads: has a process of its own.
    """

    def __init__(self, port, requests, connections=8, rate=None, pause=0.0, tls=None, patience=30.0):
        self.port, self.requests, self.connections, self.rate, self.pause, self.tls, self.patience = port, requests, connections, rate, pause, tls, patience
        here, self.there = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self.stop = context.Event()
        self.process = context.Process(target=self._main, args=(here,), daemon=True)

    def __enter__(self):
        self.process.start()
        self.there.recv()
        return self

    def __exit__(self, *_):
        if self.process.is_alive():
            self.end()

    def end(self):
        """Tells it to stop, waits for the answers that are due, and returns the tally."""
        self.stop.set()
        tally = self.there.recv()
        self.process.join()
        return tally

    def run(self, seconds):
        with self:
            time.sleep(seconds)
            return self.end()

    def _main(self, pipe):
        pipe.send("ready")
        tally = Tally()
        asyncio.run(self._ask_all(tally))
        tally.seconds = dict(tally.seconds) | {200: tally.seconds[200], 503: tally.seconds[503], 504: tally.seconds[504]}
        pipe.send(tally)

    async def _open(self):
        context = ssl.create_default_context(cafile=self.tls) if self.tls else None
        _, made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port, ssl=context, server_hostname="localhost" if self.tls else None)
        return made

    async def _ask_once(self, tally, connection, number, begin):
        """The connection afterwards, or none where it is no more."""
        asked, answers = self.requests[number % len(self.requests)]
        tally.asked += 1
        try:
            if connection is None or not connection.is_open:
                connection = await self._open()
            status, head, body = await asyncio.wait_for(connection.ask(asked), self.patience)
            tally.note(status, time.monotonic() - begin, head, body, answers)
            return connection if connection.is_open else None
        except (OSError, asyncio.TimeoutError) as error:
            tally.broken.append(repr(error))
            return None

    async def _ask_all(self, tally):
        begin = time.monotonic()
        numbers = iter(range(10**9))

        async def closed():
            connection = None
            while not self.stop.is_set():
                connection = await self._ask_once(tally, connection, next(numbers), time.monotonic())
                if self.pause or connection is None:
                    await asyncio.sleep(self.pause)

        if self.rate is None:
            await asyncio.gather(*(closed() for _ in range(self.connections)))
            tally.took = time.monotonic() - begin
            return
        free, running = collections.deque(), set()

        async def one(number, due):
            connection = await self._ask_once(tally, free.pop() if free else None, number, due)
            if connection is not None:
                free.append(connection)

        number = 0
        while not self.stop.is_set():
            due = begin + number / self.rate
            now = time.monotonic()
            if due > now:
                await asyncio.sleep(due - now)
            elif len(running) >= self.connections:
                await asyncio.sleep(0.001)
                continue
            task = asyncio.ensure_future(one(number, due))
            running.add(task)
            task.add_done_callback(running.discard)
            number += 1
        while running:
            await asyncio.wait(set(running))
        tally.took = time.monotonic() - begin
