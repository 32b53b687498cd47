# One image for web, workers and beat; the command decides. Engines run elsewhere (docker-compose.yml).

FROM node:22-slim AS libraries
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --loglevel=error

FROM python:3.12-slim AS packages
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /venv \
 && /venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check \
      --require-hashes --no-deps -r /tmp/base.txt

FROM python:3.12-slim
# Posters are drawn here: a font that has Chinese.
RUN apt-get update --quiet \
 && apt-get install --quiet --yes --no-install-recommends fonts-wqy-microhei \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin qunce
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=scrm.settings.prod
COPY --from=packages /venv /venv
COPY --from=libraries /build/node_modules node_modules
COPY . .

# Settings refuse to load half set; these values live only in this step and open nothing.
RUN export QUNCE_SECRET_KEY=build QUNCE_HOSTS=build EMAIL_URL=smtp://build REDIS_URL=redis://build \
      DATABASE_URL=postgres://build DATABASE_OWNER_URL=postgres://build \
      QUNCE_FIELD_KEY="$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
 && python manage.py messages --compile \
 && python manage.py collectstatic --noinput --verbosity 0 \
      --ignore=libs --ignore=types --ignore='*.scss' --ignore='*.html' --ignore='*.esm.*' \
 && mkdir -p .local/media .local/beat \
 && chown -R qunce:qunce .local

USER qunce
EXPOSE 8000
CMD ["gunicorn", "scrm.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--worker-class", "gthread", "--threads", "8", "--timeout", "60", "--graceful-timeout", "20", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
