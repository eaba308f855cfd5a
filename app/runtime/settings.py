"""Settings of the whole service: the general ones and those of its features."""

from collections.abc import Sequence

from pydantic import create_model

from app.core.config import Settings
from app.runtime.feature import Feature


def compose_settings(features: Sequence[Feature]) -> type[Settings]:
    """Return a class with the general settings and those of the features."""
    groups = [feature.settings for feature in features if feature.settings]
    return create_model("ServiceSettings", __base__=(*groups, Settings))  # type: ignore[arg-type]  # groups are mix-ins
