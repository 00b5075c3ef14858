# Any base with Python 3.11 or newer will do; `make image` makes one from Debian packages where no registry can be reached.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /opt/bothways
COPY requirements-run.lock ./
# Secrets are there only while the line runs: `pip` a pip.conf, `ca` the certificates of a network that has its own.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/ca.crt \
    if [ -s /run/ca.crt ]; then export PIP_CERT=/run/ca.crt; fi; \
    /opt/bothways/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY vault vault
COPY consent consent
COPY app app
RUN /opt/bothways/bin/pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps --no-build-isolation . \
    && /opt/bothways/bin/python -m compileall -q /opt/bothways/lib \
    && /opt/bothways/bin/pip uninstall --quiet --yes pip

# hadolint ignore=DL3006
FROM ${BASE}
RUN groupadd --system --gid 10001 bothways \
    && useradd --system --uid 10001 --gid bothways --no-create-home --home-dir /var/lib/bothways --shell /usr/sbin/nologin bothways \
    && install --directory --owner=bothways --group=bothways --mode=0700 /var/lib/bothways
COPY --from=build /opt/bothways /opt/bothways
ENV PATH=/opt/bothways/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOTHWAYS_DATA_DIR=/var/lib/bothways/data \
    BOTHWAYS_STATE_DIR=/var/lib/bothways/state \
    BOTHWAYS_HOST=0.0.0.0
WORKDIR /var/lib/bothways
VOLUME /var/lib/bothways
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"BOTHWAYS_PORT\") or 8000}/healthz', timeout=4)"]
CMD ["bothways", "serve"]
