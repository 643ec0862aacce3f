# tap-incident and nothing else, run by a user without rights. docs/guides/docker.md says how it is used.
FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.py pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY tap_incident tap_incident
RUN python -m venv /opt/tap-incident && /opt/tap-incident/bin/pip install --no-cache-dir .

FROM python:3.13-slim
ARG VERSION=unknown
LABEL org.opencontainers.image.title="tap-incident" \
      org.opencontainers.image.description="Singer tap for incident.io" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /opt/tap-incident /opt/tap-incident
# By default, glibc keeps freed memory per thread, and the tap has many.
ENV MALLOC_ARENA_MAX=1
WORKDIR /data
# By number, so that a cluster can see that it isn't root.
USER 10001:10001
ENTRYPOINT ["/opt/tap-incident/bin/tap-incident"]
