"""Verification of e-mail addresses."""

from app.runtime.feature import Feature
from app.verification.router import router

feature = Feature(name="verification", router=router)
