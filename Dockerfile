FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.txt .
# Only wheels: the hashes do not cover what a build from source would fetch.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --only-binary=:all: --require-hashes -r requirements.txt

FROM python:3.13-slim
# Nothing that installs is left, and nothing belongs to the user that serves.
RUN python -m pip uninstall --yes --root-user-action=ignore pip \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin plumbline
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
WORKDIR /srv
COPY --from=build /venv /venv
COPY alembic.ini pyproject.toml ./
COPY app app
COPY migrations migrations
# By number: orchestrators that refuse root cannot look a name up.
USER 10001
EXPOSE 8000
# The first of ALLOWED_HOSTS, a pattern too, is a Host that the application answers.
# http.client, because urllib would ask the proxy of HTTP_PROXY.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "-c", "\
import http.client, os, sys; \
host = os.environ.get('ALLOWED_HOSTS', '*').split(',')[0].strip(); \
connection = http.client.HTTPConnection('127.0.0.1', 8000, timeout=2); \
connection.request('GET', '/livez', headers={'Host': host}); \
sys.exit(connection.getresponse().status != 200)"]
CMD ["python", "-m", "app", "serve", "--host", "0.0.0.0"]
