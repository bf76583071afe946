# syntax=docker/dockerfile:1
# CPU image: docker compose run benchmark
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY constraints.txt pyproject.toml README.md LICENSE ./
# torch first, and from its CPU index: PyPI's build for Linux carries CUDA, several gigabytes of it.
RUN .venv/bin/pip install --no-cache-dir -c constraints.txt --index-url https://download.pytorch.org/whl/cpu torch
COPY benchmarks benchmarks
COPY models models
COPY losses losses
COPY data data
COPY reports reports
RUN .venv/bin/pip install --no-cache-dir -c constraints.txt -e '.[offline,static]'

FROM python:3.11.14-slim-bookworm
RUN useradd --create-home --uid 1000 benchmark && mkdir -p /app/results && chown benchmark /app/results
WORKDIR /app
COPY --from=build /app /app
USER 1000
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
VOLUME /app/results
ENTRYPOINT ["python", "-m", "benchmarks"]
CMD ["run", "--all"]
