"""Traces and metrics, sent to a collector by OpenTelemetry's protocol.

The only module that imports OpenTelemetry. It is imported only if the settings name a collector.
Telemetry contains operations and durations. It never contains a path, query, header, parameter,
error message, or any other value that may contain a secret.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Histogram, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio, SamplingResult
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    TraceState,
    format_span_id,
    format_trace_id,
    get_current_span,
)
from opentelemetry.util.types import Attributes
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from app.core import clock
from app.core.config import Settings
from app.core.ids import new_id
from app.runtime.resources import Resources

EXPORT_TIMEOUT_SECONDS = 2.0
"""Time limit of one export, in seconds. At shutdown one export sends at most 512 spans."""

SAFE_ATTRIBUTES = {
    "db.operation.name",
    "db.query.text",
    "db.system.name",
    "http.request.method",
    "network.protocol.version",
    "url.scheme",
}
"""Attributes that a new span keeps. The path, the query and the host are dropped."""

STATEMENT_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
"""Buckets of the statements' durations, in seconds, as the semantic conventions advise."""

_STATEMENTS = "telemetry.statements"


class Telemetry:
    """OpenTelemetry providers of the application. The global providers stay unset."""

    def __init__(self, settings: Settings) -> None:
        self._endpoint = str(settings.otel_exporter_otlp_endpoint).rstrip("/")
        resource = Resource.create(
            {"service.name": settings.otel_service_name, "service.instance.id": str(new_id())}
        )
        self.tracer_provider = TracerProvider(
            sampler=_DiscreetSampler(settings.otel_traces_sampler_arg),
            resource=resource,
            shutdown_on_exit=False,
        )
        self.meter_provider = MeterProvider(resource=resource, shutdown_on_exit=False)
        self._tracer = self.tracer_provider.get_tracer("app")
        self._meter = self.meter_provider.get_meter("app")

    @asynccontextmanager
    async def exported(self, resources: Resources) -> AsyncIterator[None]:
        """Measure the resources, and export at intervals and when the context ends."""
        url, timeout = self._endpoint, EXPORT_TIMEOUT_SECONDS
        spans = BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", timeout=timeout))
        metrics = PeriodicExportingMetricReader(
            OTLPMetricExporter(f"{url}/v1/metrics", timeout=timeout)
        )
        self.tracer_provider.add_span_processor(spans)
        self.meter_provider.add_metric_reader(metrics)
        self.watch(resources)
        try:
            yield
        finally:
            # Shut down here, because the meter provider does not shut down readers added later.
            await asyncio.gather(
                asyncio.to_thread(spans.shutdown), asyncio.to_thread(metrics.shutdown)
            )

    def watch(self, resources: Resources) -> None:
        """Start to measure the resources. Add further gauges here."""
        database, passwords = resources.database, resources.passwords
        store = resources.rate_limiter.store
        durations = self._meter.create_histogram(
            "db.client.operation.duration",
            "s",
            "Duration of SQL statements.",
            explicit_bucket_boundaries_advisory=STATEMENT_BUCKETS,
        )
        _Statements(self._tracer, durations).listen(database.engine.sync_engine)
        self.gauge("app.pool.used", "Connections in use.", lambda: database.used)
        self.gauge("app.pool.max", "Maximum connections.", lambda: database.capacity)
        self.gauge("app.pool.waiting", "Waiting transactions.", lambda: database.waiting)
        self.gauge("app.hash.used", "Hash slots in use.", lambda: passwords.used)
        self.gauge("app.hash.max", "Maximum hash slots.", lambda: passwords.capacity)
        self.gauge("app.hash.waiting", "Requests waiting for a slot.", lambda: passwords.waiting)
        self.gauge(
            "app.limiter.away", "1 if Redis is unavailable.", lambda: int(store.is_unavailable)
        )

    def gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Export `read()` at each interval. A thread calls `read`, so `read` must not block."""

        def observe(_: CallbackOptions) -> list[Observation]:
            return [Observation(read())]

        self._meter.create_observable_gauge(name, [observe], description=description)

    @staticmethod
    def add_trace_ids(_: object, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """Add the ids of the request's trace and span to a log line, also of an unsent trace."""
        context = get_current_span().get_span_context()
        if context.is_valid:
            line["trace_id"] = format_trace_id(context.trace_id)
            line["span_id"] = format_span_id(context.span_id)
        return line


class _DiscreetSampler(ParentBasedTraceIdRatio):
    """Sampler that selects the requests to trace, and drops attributes that may be secret."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        # The span starts with the attributes that the sampler returns.
        initial = attributes or {}
        safe = {key: initial[key] for key in SAFE_ATTRIBUTES & initial.keys()}
        result = super().should_sample(
            parent_context, trace_id, name, kind, safe, links, trace_state
        )
        # The trace state is omitted, because a client may have sent any text in it.
        return SamplingResult(result.decision, result.attributes)


class _Statements:
    """Instrumentation that measures all statements, and traces the statements of traced requests.

    It replaces OpenTelemetry's own package, which adds the driver's message to the span. A message
    of asyncpg contains the rejected value.
    """

    def __init__(self, tracer: Tracer, durations: Histogram) -> None:
        self._tracer = tracer
        self._durations = durations

    def listen(self, engine: Engine) -> None:
        """Start to measure the statements of this engine."""
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)
        event.listen(engine, "handle_error", self._fail)

    def _begin(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        attributes = {
            "db.system.name": connection.dialect.name,
            "db.operation.name": statement.split(maxsplit=1)[0],
        }
        span = None
        if get_current_span().is_recording():
            span = self._tracer.start_span(
                attributes["db.operation.name"],
                kind=SpanKind.CLIENT,
                attributes={**attributes, "db.query.text": statement},
            )
        # A stack, because a listener may execute its own statements before this one.
        started = connection.info.setdefault(_STATEMENTS, [])
        started.append(_Statement(clock.monotonic(), attributes, span))

    def _end(self, connection: Connection, *_: object) -> None:
        self._finish(connection.info[_STATEMENTS].pop())

    def _fail(self, context: ExceptionContext) -> None:
        # There is no statement if the connection or a commit failed.
        info = context.connection.info if context.connection is not None else {}
        if started := info.get(_STATEMENTS):
            statement = started.pop()
            statement.attributes["error.type"] = type(context.original_exception).__name__
            self._finish(statement)

    def _finish(self, statement: "_Statement") -> None:
        self._durations.record(clock.monotonic() - statement.started, statement.attributes)
        if statement.span is not None:
            if error := statement.attributes.get("error.type"):
                statement.span.set_attribute("error.type", error)
                statement.span.set_status(StatusCode.ERROR)
            statement.span.end()


@dataclass(frozen=True)
class _Statement:
    """Statement that is being executed."""

    started: float
    attributes: dict[str, str]
    span: Span | None
