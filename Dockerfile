# syntax=docker/dockerfile:1
FROM node:24.19.0-bookworm-slim AS base
WORKDIR /srv
COPY package.json package-lock.json ./

FROM base AS build
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM base AS production-dependencies
RUN npm ci --omit=dev --no-audit --no-fund

# The identity provider that stands in for Okta in docker-compose.yml. Not for production.
FROM build AS stand-in
USER node
EXPOSE 9000
ENTRYPOINT ["node", "--import", "tsx", "app/demo/identity-provider-command.ts"]

FROM base AS app
ENV NODE_ENV=production
COPY --from=production-dependencies /srv/node_modules ./node_modules
COPY --from=build /srv/dist ./dist
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/app/main.js"]
