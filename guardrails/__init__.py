"""Rules of the constitution that check any project with FastAPI: `python -m guardrails`.

The rules on source code and texts need the standard library alone. The rules on the OpenAPI
document and on tables import the application. Each word that belongs to a project is configured in
its `pyproject.toml`, in `[tool.guardrails]`; `Project` documents the keys.
"""
