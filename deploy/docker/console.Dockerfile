# The console as static files behind Caddy. docker build -f deploy/docker/console.Dockerfile .
FROM node:24-bookworm-slim AS build
WORKDIR /console
COPY console/package.json console/package-lock.json console/.npmrc ./
RUN npm ci
COPY console/ ./
RUN npm run build

FROM caddy:2.11
COPY deploy/docker/Caddyfile /etc/caddy/Caddyfile
COPY --from=build /console/dist /srv
USER 10001
EXPOSE 8080
