"""Plausible data for development and benchmarks."""

from app.runtime.feature import Feature
from app.seed.commands import commands

feature = Feature(name="seed", commands=commands)
