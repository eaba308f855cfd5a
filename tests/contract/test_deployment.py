"""Container files: their agreement with the service and with all container engines."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml

from app.core.config import Settings
from app.core.migrations import ROOT

HEALTH_CHECK = ROOT / "deploy" / "healthcheck.py"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


class Probed(HTTPServer):
    """Server that responds with one status and records the path and host of the request."""

    status = 200
    path = host = ""


class Handler(BaseHTTPRequestHandler):
    server: Probed

    def do_GET(self) -> None:
        self.server.path, self.server.host = self.path, self.headers["Host"]
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def probed() -> Iterator[Probed]:
    with Probed(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def check_health(port: int, *arguments: str, **environment: str) -> int:
    """Return the exit status of the health check with only these environment variables."""
    command = [sys.executable, str(HEALTH_CHECK), *arguments]
    # In the image, `app` is in the same directory.
    environment |= {"PORT": str(port), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, check=False, capture_output=True).returncode


class TestHealthCheck:
    @pytest.mark.parametrize(
        ("allowed_hosts", "host"),
        [
            ("a.example, b.example", "a.example"),
            ("Example.com.", "example.com"),
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("::1", "[::1]"),
            ("[0:0::1]", "[::1]"),
            ("127.0.0.1", "127.0.0.1"),
            (" ,example.com", "example.com"),
            ("*.Example.com", "*.example.com"),
            ("*", "*"),
            ("", "*"),
        ],
    )
    def test_the_health_check_uses_the_port_and_the_first_allowed_host_normalized(
        self, probed: Probed, allowed_hosts: str, host: str
    ) -> None:
        assert check_health(probed.server_port, ALLOWED_HOSTS=allowed_hosts) == 0
        assert (probed.path, probed.host) == ("/livez", host)

    def test_the_health_check_requests_the_path_of_its_argument(self, probed: Probed) -> None:
        assert check_health(probed.server_port, "/readyz") == 0
        assert probed.path == "/readyz"

    def test_the_health_check_uses_no_proxy(self, probed: Probed) -> None:
        proxy = "http://127.0.0.1:9"

        assert check_health(probed.server_port, HTTP_PROXY=proxy, http_proxy=proxy) == 0

    def test_the_health_check_fails_if_the_service_is_not_ready(self, probed: Probed) -> None:
        probed.status = 503

        assert check_health(probed.server_port, "/readyz") != 0

    def test_the_health_check_fails_if_nothing_listens_on_the_port(self, probed: Probed) -> None:
        probed.server_close()

        assert check_health(probed.server_port) != 0


def test_the_image_uses_the_health_check_script() -> None:
    assert f"COPY alembic.ini pyproject.toml deploy/{HEALTH_CHECK.name} ./" in DOCKERFILE
    assert f'CMD ["python", "/srv/{HEALTH_CHECK.name}"]' in DOCKERFILE


class TestCompose:
    def test_the_compose_instances_use_the_health_check_script_with_readyz(self) -> None:
        for name in ("api-1", "api-2"):
            check = SERVICES[name]["healthcheck"]["test"]
            assert check == ["CMD", "python", f"/srv/{HEALTH_CHECK.name}", "/readyz"]

    def test_compose_names_the_registry_of_each_foreign_image(self) -> None:
        # Podman resolves no short names without search registries.
        builds = [service.get("build") for service in SERVICES.values()]
        inline = [build["dockerfile_inline"] for build in builds if isinstance(build, dict)]
        images = [service["image"] for service in SERVICES.values() if "image" in service]
        named = [*images, *(text.split()[1] for text in inline)]

        assert len(named) == 4
        assert all(name.startswith("docker.io/") for name in named)

    def test_compose_defines_no_networks(self) -> None:
        assert "networks" not in COMPOSE
        assert not [name for name, service in SERVICES.items() if "networks" in service]

    def test_compose_mounts_only_volumes_and_no_files_of_the_clone(self) -> None:
        mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]

        assert {mount.split(":")[0] for mount in mounts} == set(COMPOSE["volumes"])

    def test_compose_trusts_only_proxies_in_private_networks(self) -> None:
        networks = COMPOSE["x-environment"]["TRUSTED_PROXIES"]

        settings = Settings(_env_file=None, secret_key="x" * 64, trusted_proxies=networks)

        assert all(network.is_private for network in settings.trusted_proxies)
