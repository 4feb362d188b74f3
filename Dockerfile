# Rolecall in two stages: what builds stays behind. Runs as nobody in particular, with a read-only root if you like:
# everything it writes lies under /var/lib/rolecall (a volume) and /tmp.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/rolecall \
 && /opt/rolecall/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY app app
COPY connectors connectors
COPY migrations migrations
RUN /opt/rolecall/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/rolecall/bin/python -m compileall -q /opt/rolecall

FROM python:3.12-slim
RUN groupadd --gid 10001 rolecall \
 && useradd --uid 10001 --gid rolecall --no-create-home --home-dir /var/lib/rolecall rolecall \
 && install -d -o rolecall -g rolecall -m 0700 /var/lib/rolecall
COPY --from=build /opt/rolecall /opt/rolecall
ENV PATH=/opt/rolecall/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ROLECALL_HOME=/var/lib/rolecall \
    ROLECALL_HOST=0.0.0.0
USER rolecall
WORKDIR /var/lib/rolecall
VOLUME /var/lib/rolecall
EXPOSE 8321
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8321/health', timeout=4)"]
ENTRYPOINT ["rolecall"]
CMD ["serve"]
