# syntax=docker/dockerfile:1
# The agent as a sidecar: built with the whole toolchain, run with none of it, as a user of its own, on a read-only root.
#   docker build -t mailflow-probe .
#   docker run --rm mailflow-probe demo --once
#   docker run --detach --name probe --restart unless-stopped --read-only --cap-drop ALL --stop-timeout 30 \
#     -v probe-data:/data -v probe-tmp:/tmp -v ./config:/etc/mailflow-probe:ro -p 127.0.0.1:9825:9825 -p 25:2525 mailflow-probe
#   docker exec probe mailflow-probe report --month 2026-11
# In the configuration: `data_folder: /data`, and `http.listen: 0.0.0.0:9825` where the port is published. config/deploy/ has more.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The package `node` would bring the runtime that this image already is; the compiler needs no install script either.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && chmod 755 dist/bin.js && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="mailflow-probe" \
  org.opencontainers.image.description="Measures from outside whether a mail provider keeps its delay and availability promises" \
  org.opencontainers.image.licenses="Apache-2.0"
# The kernel lets no process kill the first of its namespace: the watchdog needs one before it.
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
# The second is what every command takes for `-c`: also those that somebody runs in a container that is up.
ENV NODE_ENV=production \
  MAILFLOW_CONFIG=/etc/mailflow-probe/mailflow-probe.yml
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY config config
RUN ln -s /app/dist/bin.js /usr/local/bin/mailflow-probe && install -d -o node -g node /data /etc/mailflow-probe
# The user `node`, by number: Kubernetes cannot tell otherwise that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 9825 2525
# After an upgrade a ledger of years may be folded anew before anything is served. `http.listen` has to keep port 9825 for this.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10m \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:9825/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "mailflow-probe"]
CMD ["run"]
