# One image for web, worker, beat and the mail capture; docker-compose.yml says which is which.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
COPY requirements/base.txt requirements/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/base.txt
COPY . .
# The settings want a real installation's variables; these serve this one command and stay out of the image.
RUN SECRET_KEY=$(python -c "import secrets; print(secrets.token_urlsafe(64))") ALLOWED_HOSTS=build \
    PUBLIC_URL=https://build DATABASE_URL=postgresql://build/build CELERY_BROKER_URL=redis://build \
    EMAIL_URL=smtp://build DEFAULT_FROM_EMAIL=build@localhost \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --create-home clinic && install -d -o clinic -m 700 /var/mail-capture
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER clinic
EXPOSE 8000
CMD ["python", "-m", "waitress", "--listen=0.0.0.0:8000", "--threads=8", "--connection-limit=1000", \
     "--trusted-proxy=*", "--trusted-proxy-count=1", "--trusted-proxy-headers=x-forwarded-for x-forwarded-proto", \
     "clinic.wsgi:application"]
