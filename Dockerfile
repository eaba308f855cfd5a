FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.txt .
# Only wheels, because the hashes do not cover the build requirements of a source distribution.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --only-binary=:all: --require-hashes -r requirements.txt
WORKDIR /srv
COPY alembic.ini pyproject.toml deploy/healthcheck.py ./
COPY app app
COPY migrations migrations
# The files of a clone made under umask 077 are readable only for their owner.
RUN chmod --recursive u=rwX,go=rX .

FROM python:3.13-slim
# No installer remains, and no file belongs to the user of the service.
RUN python -m pip uninstall --yes --root-user-action=ignore pip \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin plumbline
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
WORKDIR /srv
COPY --from=build /venv /venv
COPY --from=build /srv /srv
# By number, because orchestrators that reject root cannot resolve a name. Any other user works too.
USER 10001
# The default of PORT.
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "/srv/healthcheck.py"]
CMD ["python", "-m", "app", "serve", "--host", "0.0.0.0"]
