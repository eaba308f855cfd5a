"""Redis server that a test starts, kills and freezes."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from redis.asyncio import Redis

needs_redis_server = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="needs the redis-server program"
)


class RedisServer:
    """Redis process that belongs to one test."""

    def __init__(self, directory: Path, *options: str) -> None:
        self._directory = directory
        self._options = options
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            self.port: int = server.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        options = f"--port {self.port} --bind 127.0.0.1 --save '' --appendonly no".split()
        self._process = subprocess.Popen(
            ["redis-server", *options, *self._options], cwd=self._directory, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert any(b"Ready to accept connections" in line for line in self._process.stdout)

    def kill(self) -> None:
        """Kill the server. Its data is lost."""
        with self._process:
            self._process.kill()

    def freeze(self) -> None:
        """Suspend the server. It keeps its connections, but does not respond."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def keys(self) -> str:
        async with Redis.from_url(self.url, decode_responses=True) as redis:
            return " ".join(await redis.keys())
