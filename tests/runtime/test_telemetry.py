"""Telemetry: the spans and metrics that are sent, and the values that are not. Off by default."""

import json
import subprocess
import sys
import threading
from asyncio import create_task, gather
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from anyio.lowlevel import checkpoint
from httpx import AsyncClient
from opentelemetry import metrics, trace
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from app.core.config import Settings
from app.core.migrations import ROOT, current_revisions
from app.core.tokens import digest
from app.features import FEATURES
from app.main import create_app
from app.runtime.resources import Resources, open_resources
from app.runtime.telemetry import Telemetry
from tests.conftest import open_client
from tests.support.factories import API, PASSWORD, Factory, registration, request_token
from tests.support.isolation import Log, restored_logging

SERVE_ONCE = """
import asyncio, json, sys, threading
from httpx import ASGITransport, AsyncClient
from app.features import ServiceSettings
from app.main import create_app

app = create_app(ServiceSettings())
steps = iter(["lifespan.startup", "lifespan.shutdown"])

async def receive():
    return {"type": next(steps)}

async def send(message):
    if message["type"] == "lifespan.startup.complete":
        async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
            assert (await client.get("/livez")).status_code == 200

asyncio.run(app({"type": "lifespan"}, receive, send))
exporters = [name for name in sys.modules if name.startswith("opentelemetry.exporter")]
print(json.dumps({"exporters": exporters, "threads": threading.active_count()}))
"""


class Collector(ThreadingHTTPServer):
    """OpenTelemetry collector that keeps the bodies of its requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CollectorHandler)
        self.bodies: dict[str, list[bytes]] = {"/v1/traces": [], "/v1/metrics": []}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def spans(self) -> list[Span]:
        requests = map(ExportTraceServiceRequest.FromString, self.bodies["/v1/traces"])
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def metrics(self) -> dict[str, Metric]:
        requests = map(ExportMetricsServiceRequest.FromString, self.bodies["/v1/metrics"])
        return {
            metric.name: metric
            for request in requests
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def server_span(self) -> Span:
        [span] = [span for span in self.spans if span.kind == Span.SPAN_KIND_SERVER]
        return span


class CollectorHandler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies[self.path].append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        """Write nothing to the terminal."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


@asynccontextmanager
async def measured(
    settings: Settings, collector: Collector, *, share: float = 1
) -> AsyncIterator[tuple[AsyncClient, Log]]:
    """Yield a client of an application that sends its telemetry when the context ends."""
    changes = {"otel_exporter_otlp_endpoint": collector.url, "otel_traces_sampler_arg": share}
    with restored_logging(), redirect_stdout(StringIO()) as written:
        app = create_app(settings.model_copy(update=changes))
        async with app.router.lifespan_context(app), open_client(app) as client:
            yield client, Log(written)


def attributes_of(item: Any) -> dict[str, str | int]:
    return {
        attribute.key: attribute.value.int_value or attribute.value.string_value
        for attribute in item.attributes
    }


@pytest.mark.usefixtures("app")
class TestSpans:
    async def test_spans_describe_a_request_by_its_route_and_its_statements(
        self, settings: Settings, collector: Collector, live_factory: Factory
    ) -> None:
        login = await live_factory.admin()

        async with measured(settings, collector) as (client, _):
            await client.get(f"{API}/users/{login.user.id}", headers=login.headers)

        route = f"{API}/users/{{user_id}}"
        request = collector.server_span()
        assert request.name == f"GET {route}"
        assert attributes_of(request) == {
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "http.route": route,
            "network.protocol.version": "1.1",
            "url.scheme": "http",
        }
        statements = [span for span in collector.spans if span.parent_span_id]
        assert {span.parent_span_id for span in statements} == {request.span_id}
        assert {span.trace_id for span in statements} == {request.trace_id}
        selects = [attributes_of(span) for span in statements if span.name == "SELECT"]
        assert {select["db.operation.name"] for select in selects} == {"SELECT"}
        assert all("WHERE" in str(select["db.query.text"]) for select in selects)

    async def test_the_span_of_a_failed_statement_names_the_error_type_without_its_message(
        self, settings: Settings, collector: Collector, live_factory: Factory
    ) -> None:
        user = await live_factory.user(email="ada@example.com")

        async with measured(settings, collector) as (client, _):
            response = await client.post(f"{API}/users", json=registration(email=user.email))

        assert response.status_code == 409
        [insert] = [span for span in collector.spans if span.name == "INSERT"]
        assert attributes_of(insert)["error.type"] in {"IntegrityError", "UniqueViolationError"}
        assert insert.status == Status(code=Status.STATUS_CODE_ERROR)

    async def test_telemetry_contains_no_secrets_and_no_text_chosen_by_the_client(
        self, settings: Settings, collector: Collector, live_factory: Factory
    ) -> None:
        user = await live_factory.user(email="ada@example.com")

        async with measured(settings, collector) as (client, _):
            tokens = (await request_token(client, user.email)).json()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}", "User-Agent": "made-up"}
            await client.get(f"{API}/users/me?token=queried", headers=bearer)
            await client.get("/hidden-path", headers={"Host": "made-up.example"})
            await client.request("MADE-UP", "/livez")
            await client.post(f"{API}/users", json=registration(email=user.email))
            await request_token(client, user.email, "mistyped horse battery")

        sent = b"".join(chunk for bodies in collector.bodies.values() for chunk in bodies)
        kinds = [tokens["access_token"], tokens["refresh_token"]]
        made_up = ["queried", "hidden-path", "made-up", "MADE-UP", "mistyped horse battery"]
        secrets = [PASSWORD, user.email, user.password_hash, str(user.id), *kinds, *made_up]
        assert b"/auth/token" in sent
        assert [text for text in [*secrets, *map(digest, kinds)] if text.encode() in sent] == []

    async def test_a_request_with_a_sampled_traceparent_is_traced_if_the_sampled_share_is_zero(
        self, settings: Settings, collector: Collector
    ) -> None:
        trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

        async with measured(settings, collector, share=0) as (client, _):
            await client.get("/livez")
            await client.get("/readyz", headers={"traceparent": f"00-{trace_id}-{span_id}-01"})

        request = collector.server_span()
        assert request.name == "GET /readyz"
        assert (request.trace_id.hex(), request.parent_span_id.hex()) == (trace_id, span_id)

    async def test_statements_outside_of_requests_create_no_spans(self, settings: Settings) -> None:
        configured = settings.model_copy(update={"otel_traces_sampler_arg": 1})
        telemetry, spans = Telemetry(configured), InMemorySpanExporter()
        telemetry.tracer_provider.add_span_processor(SimpleSpanProcessor(spans))

        async with open_resources(configured, FEATURES) as resources:
            telemetry.watch(resources)
            await current_revisions(resources.database)

        assert spans.get_finished_spans() == ()

    @pytest.mark.parametrize("share", [0, 1])
    async def test_log_lines_contain_the_trace_id_whether_or_not_the_span_is_sent(
        self, settings: Settings, collector: Collector, share: int
    ) -> None:
        async with measured(settings, collector, share=share) as (client, log):
            await client.get("/docs")

        [line] = [line for line in log.text.splitlines() if "route=/docs" in line]
        ids = dict(word.split("=") for word in line.split() if word.count("=") == 1)
        assert (len(ids["trace_id"]), len(ids["span_id"])) == (32, 16)
        sent = [(span.trace_id.hex(), span.span_id.hex()) for span in collector.spans]
        assert sent == [(ids["trace_id"], ids["span_id"])] * share


@pytest.mark.usefixtures("app")
class TestMetrics:
    async def test_metrics_count_requests_by_route_method_and_status(
        self, settings: Settings, collector: Collector
    ) -> None:
        async with measured(settings, collector, share=0) as (client, _):
            await client.get(f"{API}/users/me")
            await client.get(f"{API}/users/me")
            await client.head(f"{API}/users/me")
            await client.get("/nowhere")

        assert "http.server.active_requests" in collector.metrics
        duration = collector.metrics["http.server.request.duration"]
        assert duration.unit == "s"
        counts: dict[tuple[Any, ...], int] = {}
        for point in duration.histogram.data_points:
            attributes = attributes_of(point)
            names = ("http.request.method", "http.route", "http.response.status_code")
            counts[tuple(map(attributes.get, names))] = point.count
        assert counts == {
            ("GET", f"{API}/users/me", 401): 2,
            ("HEAD", f"{API}/users/me", 401): 1,
            ("GET", None, 404): 1,
        }

    async def test_metrics_measure_the_duration_of_statements(
        self, settings: Settings, collector: Collector, live_factory: Factory
    ) -> None:
        login = await live_factory.login()

        async with measured(settings, collector, share=0) as (client, _):
            await client.get(f"{API}/users/me", headers=login.headers)

        duration = collector.metrics["db.client.operation.duration"]
        [selects] = [
            point
            for point in duration.histogram.data_points
            if attributes_of(point)["db.operation.name"] == "SELECT"
        ]
        assert selects.count == 1
        assert selects.sum > 0


def read_gauges(reader: InMemoryMetricReader) -> dict[str, float]:
    data = reader.get_metrics_data()
    assert data is not None
    found = json.loads(data.to_json())["resource_metrics"][0]["scope_metrics"][0]["metrics"]
    return {
        metric["name"]: point["value"]
        for metric in found
        if metric["name"].startswith("app.")
        for point in metric["data"]["data_points"]
    }


class TestGauges:
    async def test_gauges_show_used_and_awaited_connections_and_hash_slots(
        self, settings: Settings
    ) -> None:
        configured = settings.model_copy(update={"database_pool_size": 1})

        async def work(resources: Resources) -> None:
            async with resources.database.transaction(), resources.passwords.slot():
                pass

        async with open_resources(configured, FEATURES) as resources:
            telemetry, reader = Telemetry(configured), InMemoryMetricReader()
            telemetry.meter_provider.add_metric_reader(reader)
            telemetry.watch(resources)
            async with resources.passwords.slot():
                first, second = (create_task(work(resources)) for _ in range(2))
                await checkpoint()
                busy = read_gauges(reader)
            await gather(first, second)
            idle = read_gauges(reader)

        size = {"app.pool.max": 1, "app.hash.max": 1, "app.limiter.away": 0}
        assert busy == size | {
            "app.pool.used": 1,
            "app.pool.waiting": 1,
            "app.hash.used": 1,
            "app.hash.waiting": 1,
        }
        assert idle == size | dict.fromkeys(busy.keys() - size.keys(), 0)

    async def test_a_gauge_shows_that_redis_is_unavailable(self, settings: Settings) -> None:
        unavailable_url = SecretStr("redis://127.0.0.1:1/0")
        configured = settings.model_copy(update={"redis_url": unavailable_url})

        async with open_resources(configured, FEATURES) as resources:
            telemetry, reader = Telemetry(configured), InMemoryMetricReader()
            telemetry.meter_provider.add_metric_reader(reader)
            telemetry.watch(resources)
            await resources.rate_limiter.draw("general", "anyone")

            assert read_gauges(reader)["app.limiter.away"] == 1


class TestSideEffects:
    async def test_telemetry_leaves_no_threads_and_no_global_providers_behind(
        self, settings: Settings, collector: Collector
    ) -> None:
        async with measured(settings, collector) as (client, _):
            await client.get("/livez")

        assert [thread.name for thread in threading.enumerate() if "Otel" in thread.name] == []
        assert not isinstance(trace.get_tracer_provider(), TracerProvider)
        assert not isinstance(metrics.get_meter_provider(), MeterProvider)

    def test_without_an_endpoint_no_telemetry_is_imported_started_or_sent(
        self, collector: Collector, tmp_path: Path
    ) -> None:
        environment = {
            "SECRET_KEY": "x" * 32,
            "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/v1/traces",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{collector.url}/v1/metrics",
            "PYTHONPATH": str(ROOT),
        }

        done = subprocess.run(
            [sys.executable, "-c", SERVE_ONCE],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )

        assert json.loads(done.stdout.splitlines()[-1]) == {"exporters": [], "threads": 1}
        assert list(collector.bodies.values()) == [[], []]
