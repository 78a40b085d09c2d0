FROM node:26-slim

ENV NODE_ENV=production
WORKDIR /app

# The image brings its own Node, so the pinned ones (optional dependencies) stay out.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional && npm cache clean --force

COPY events ./events
COPY projections ./projections
COPY src ./src
COPY examples ./examples
COPY LICENSE ./

RUN mkdir -m 700 /data && chown node:node /data
USER node
VOLUME /data

ENV HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# Node itself is process 1 and gets SIGTERM: requests under way are finished, then it exits.
CMD ["node", "src/main.ts", "serve"]
