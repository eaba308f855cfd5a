"""Audit trail of who changed what."""

from app.audit.models import Activity
from app.runtime.feature import Feature

feature = Feature(name="audit", tables=(Activity,))
