"""Creation of the telemetry, whose module is expensive to import."""

from typing import TYPE_CHECKING

from app.core.config import Settings

if TYPE_CHECKING:
    from app.runtime.telemetry import Telemetry


def create_telemetry(settings: Settings) -> "Telemetry | None":
    """Return the telemetry of this process, or None if the settings name no collector."""
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    from app.runtime.telemetry import Telemetry  # noqa: PLC0415 -- takes 90 ms, if it is used

    return Telemetry(settings)
