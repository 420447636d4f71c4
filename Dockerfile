# syntax=docker/dockerfile:1

# Compiles; nothing of this stage but dist/ leaves it.
FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

# What runs needs at run time, and no compiler. Scripts of packages have nothing to do here.
FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim
WORKDIR /app
ENV NODE_ENV=production \
    DRAWBRIDGE_MONITOR=127.0.0.1:9900
COPY package.json LICENSE ./
COPY bin ./bin
COPY config ./config
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The image's own unprivileged user, by number: Kubernetes checks runAsNonRoot without looking names up.
USER 1000:1000
EXPOSE 8080 8443
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s --retries=3 \
    CMD ["node", "/app/bin/drawbridge.js", "health"]
ENTRYPOINT ["node", "/app/bin/drawbridge.js"]
