# Two stages: the first one installs what requirements.lock pins, by hash and without compiling anything; the second one
# holds Python, that environment and the program, and runs as a user who may write to /data and /tmp alone.

FROM python:3.11-slim-bookworm AS build

# Where pip looks besides its own index; docs/operations.md says which one has PyTorch's build without CUDA.
ARG PIP_EXTRA_INDEX_URL

COPY requirements.lock /tmp/requirements.lock
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --only-binary :all: --require-hashes \
        -r /tmp/requirements.lock

COPY app.py LICENSE NOTICE /app/
COPY assistant /app/assistant
COPY corpus /app/corpus
RUN chmod -R a+rX /app && python -m compileall -q /app


FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="Privacy policy assistant" \
      org.opencontainers.image.description="Answers questions about privacy policies with cited clauses, word for word." \
      org.opencontainers.image.licenses="Apache-2.0"

# Nothing is installed in a container, so nothing that installs is there.
RUN python -m pip uninstall --yes pip setuptools wheel \
    && groupadd --gid 10001 assistant \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin assistant \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data

COPY --from=build /venv /venv
COPY --from=build /app /app

ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    ASSISTANT_HOST=0.0.0.0 \
    ASSISTANT_PORT=7860 \
    ASSISTANT_CORPUS=/app/corpus \
    ASSISTANT_INDEX=/data/index \
    ASSISTANT_FEEDBACK=/data/feedback.sqlite

WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 7860
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=30s --timeout=5s --start-period=5m --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:7860/healthz', timeout=4)"]

# A policy that cannot be read is told, and the others are answered from.
CMD ["/bin/sh", "-c", "python -m assistant ingest --if-stale; exec python app.py"]
