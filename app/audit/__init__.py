"""Audit trail of all changes."""

from app.audit.models import Activity
from app.runtime.feature import Feature

feature = Feature(name="audit", tables=(Activity,))
