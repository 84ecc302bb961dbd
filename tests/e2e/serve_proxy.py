"""A proxy of connections, as a balancer of layer 4 is one: each goes to the next server that takes it. Not a test by itself."""
import asyncio
import multiprocessing
import socket


class _Pipe(asyncio.Protocol):
    """One end of a connection; what it gets goes to the other end."""

    def __init__(self, other=None):
        self.other, self.transport, self.early = other, None, []

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.other is None:
            self.early.append(data)
        else:
            self.other.transport.write(data)

    def eof_received(self):
        if self.other is not None:
            self.other.transport.close()

    def connection_lost(self, _):
        if self.other is not None:
            self.other.transport.close()


class Proxy:
    """Of servers on ports of this machine; a context with a port of its own. Threads: has a process of its own."""

    def __init__(self, ports):
        self.ports = ports
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.process = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self.process.start()
        self.listener.close()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()

    async def _serve(self):
        loop = asyncio.get_running_loop()
        turn = 0

        async def connect(client):
            nonlocal turn
            for _ in range(200):
                turn += 1
                try:
                    _, server = await loop.create_connection(lambda: _Pipe(client), "127.0.0.1", self.ports[turn % len(self.ports)])
                except OSError:
                    await asyncio.sleep(0.005)
                    continue
                client.other = server
                for data in client.early:
                    server.transport.write(data)
                client.early = []
                return
            client.transport.close()

        class Client(_Pipe):
            def connection_made(self, transport):
                super().connection_made(transport)
                self.task = asyncio.ensure_future(connect(self))

        server = await loop.create_server(Client, sock=self.listener)
        await server.serve_forever()
