# One image for all services: the command names the one to run.
#
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" --tag awala-gateway .
#
# The same Node as in package.json; test/charts holds both to it. Digests are moved by the
# dependency updates (.github/renovate.json).

FROM node:26.10.0-trixie-slim@sha256:ec7758ee051e457b468b32bde57b0879010b325bb9862718e9615225ce4aaae1 AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY libs ./libs
COPY services ./services
COPY scripts ./scripts
# All code in one bundle, without types, as in the packages.
RUN node --disable-warning=ExperimentalWarning scripts/bundle.ts ../app
# Node links to a library that the runtime's base image lacks.
RUN library="$(ldd /usr/local/bin/node | awk '/libatomic/ { print $3 }')" \
  && install -D "$library" "/runtime/usr${library#/usr}" \
  && install -d -o 65532 -g 65532 -m 0700 /runtime/data

# No shell, no package manager: glibc, certificates and a user, 65532.
FROM gcr.io/distroless/cc-debian13:nonroot@sha256:54df941ed0d06a1bd95ef5e0ce391fd8d9f94b64782dc9a60062727849ee3f97
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /runtime/usr /usr
COPY --from=build --chown=65532:65532 /runtime/data /data
COPY --from=build /app /app
WORKDIR /app
USER 65532:65532
# Fails the build if Node lacks something here.
RUN ["/usr/local/bin/node", "--no-strip-types", "services/standalone/main.js", "help"]

ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="Awala Internet gateway" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE"
ENV NODE_ENV=production \
    BIND_HOST=0.0.0.0 \
    OPERATIONS_HOST=0.0.0.0 \
    DATA_DIR=/data \
    LOG_FORMAT=json \
    REVISION="$REVISION"

# The process is the first of the container, so that SIGTERM reaches it.
ENTRYPOINT ["/usr/local/bin/node", "--disable-warning=ExperimentalWarning"]
CMD ["services/standalone/main.js", "serve"]
