"""Tokens that are mailed and can be used once."""

from app.one_time_tokens.jobs import purge_one_time_tokens
from app.one_time_tokens.models import OneTimeToken
from app.runtime.feature import Feature

feature = Feature(
    name="one_time_tokens",
    tables=(OneTimeToken,),
    purges={"one-time tokens": purge_one_time_tokens},
)
