"""The files that put the service into containers agree with it, and work with any engine."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
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
    """A server that responds with one status and keeps what it was asked."""

    status = 200
    path = host = ""


class Handler(BaseHTTPRequestHandler):
    """Responds to any GET."""

    server: Probed

    def do_GET(self) -> None:
        """Keep the path and the host."""
        self.server.path, self.server.host = self.path, self.headers["Host"]
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def probed() -> Iterator[Probed]:
    with Probed(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def check_health(environment: Mapping[str, str], *arguments: str) -> int:
    """Return the exit status of the health check with only these environment variables."""
    command = [sys.executable, str(HEALTH_CHECK), *arguments]
    environment = {**environment, "PYTHONPATH": str(ROOT)}  # in the image, `app` is beside it
    return subprocess.run(command, env=environment, check=False, capture_output=True).returncode


class TestHealthCheck:
    def test_asks_on_the_port_of_the_service_and_for_a_host_that_it_accepts(
        self, probed: Probed
    ) -> None:
        environment = {"PORT": str(probed.server_port), "ALLOWED_HOSTS": "a.example, b.example"}

        assert check_health(environment) == 0
        assert (probed.path, probed.host) == ("/livez", "a.example")

    @pytest.mark.parametrize(
        ("allowed_hosts", "host"),
        [
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
    def test_asks_for_the_host_in_the_form_that_the_service_accepts(
        self, probed: Probed, allowed_hosts: str, host: str
    ) -> None:
        environment = {"PORT": str(probed.server_port), "ALLOWED_HOSTS": allowed_hosts}

        assert check_health(environment) == 0
        assert probed.host == host

    def test_asks_for_the_path_of_its_argument(self, probed: Probed) -> None:
        assert check_health({"PORT": str(probed.server_port)}, "/readyz") == 0
        assert probed.path == "/readyz"

    def test_uses_no_proxy(self, probed: Probed) -> None:
        proxy = "http://127.0.0.1:9"
        environment = {"PORT": str(probed.server_port), "HTTP_PROXY": proxy, "http_proxy": proxy}

        assert check_health(environment) == 0

    def test_fails_when_the_service_is_not_ready(self, probed: Probed) -> None:
        probed.status = 503

        assert check_health({"PORT": str(probed.server_port)}, "/readyz") != 0

    def test_fails_when_nothing_listens(self, probed: Probed) -> None:
        port = str(probed.server_port)
        probed.server_close()

        assert check_health({"PORT": port}) != 0


def test_the_image_checks_its_health_by_the_script() -> None:
    assert f"COPY alembic.ini pyproject.toml deploy/{HEALTH_CHECK.name} ./" in DOCKERFILE
    assert f'CMD ["python", "/srv/{HEALTH_CHECK.name}"]' in DOCKERFILE


class TestCompose:
    def test_the_instances_are_checked_for_readiness_by_the_script(self) -> None:
        for name in ("api-1", "api-2"):
            check = SERVICES[name]["healthcheck"]["test"]
            assert check == ["CMD", "python", f"/srv/{HEALTH_CHECK.name}", "/readyz"]

    def test_images_of_other_projects_are_named_with_their_registry(self) -> None:
        """Podman without search registries finds no short name."""
        builds = [service.get("build") for service in SERVICES.values()]
        inline = [build["dockerfile_inline"] for build in builds if isinstance(build, dict)]
        images = [service["image"] for service in SERVICES.values() if "image" in service]
        named = [*images, *(text.split()[1] for text in inline)]

        assert len(named) == 4
        assert all(name.startswith("docker.io/") for name in named)

    def test_the_engine_chooses_the_network(self) -> None:
        assert "networks" not in COMPOSE
        assert not [name for name, service in SERVICES.items() if "networks" in service]

    def test_no_container_depends_on_the_permissions_of_a_file_of_the_clone(self) -> None:
        mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]

        assert {mount.split(":")[0] for mount in mounts} == set(COMPOSE["volumes"])

    def test_the_proxy_is_trusted_in_every_private_network(self) -> None:
        networks = COMPOSE["x-environment"]["TRUSTED_PROXIES"]

        settings = Settings(_env_file=None, secret_key="x" * 64, trusted_proxies=networks)

        assert all(network.is_private for network in settings.trusted_proxies)
