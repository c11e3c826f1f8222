# An image with the exact packages of runtime.lock. See docs/howto/install.md.
FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements.lock runtime.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
RUN python -m venv /opt/dropcopy \
    && /opt/dropcopy/bin/python -m pip install --no-cache-dir --require-hashes -r runtime.lock
COPY . .
RUN python -m hatchling build -t wheel -d /wheel \
    && /opt/dropcopy/bin/python -m pip install --no-cache-dir --no-index --no-deps /wheel/*.whl

FROM python:3.13-slim
# The home of this account holds the store, its master key, the configuration and the log: mount a volume there.
RUN useradd --uid 10001 --home-dir /data --create-home dropcopy
COPY --from=build /opt/dropcopy /opt/dropcopy
ENV PATH=/opt/dropcopy/bin:$PATH LANG=C.UTF-8
USER dropcopy
WORKDIR /data
VOLUME /data
ENTRYPOINT ["dropcopy"]
