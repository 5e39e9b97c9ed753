# syntax=docker/dockerfile:1

# The base images can be replaced, by a mirror's for example: docker build --build-arg BUILD_IMAGE=...
# To build: any image with a stable Rust toolchain and gcc (aws-lc is C); no cmake is needed.
ARG BUILD_IMAGE=rust:1-slim-bookworm
# To run: glibc and libgcc no older than the build image's, and nothing else: no shell, no package manager, not root.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
# The dependencies alone, in a layer that stays as long as the lock file does.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir -p src benches/compare \
 && touch src/lib.rs \
 && echo 'fn main() {}' > src/main.rs \
 && cp src/main.rs benches/compare/main.rs \
 && cargo build --release --locked --bin sectigo-emulator
COPY . .
# Cargo compares times, and the copied files may be older than the empty ones that were just built.
RUN touch src/lib.rs src/main.rs \
 && cargo build --release --locked --bin sectigo-emulator

FROM ${RUNTIME_IMAGE}
COPY --from=build /build/target/release/sectigo-emulator /usr/local/bin/sectigo-emulator
ENV SECTIGO_EMULATOR_HTTPS=0.0.0.0:8443 \
    SECTIGO_EMULATOR_HTTP=0.0.0.0:8080 \
    SECTIGO_EMULATOR_CONTROL=0.0.0.0:8081 \
    SECTIGO_EMULATOR_CONTROL_HOST=sectigo-emulator
EXPOSE 8443 8080 8081
# The same user as the runtime image's `nonroot`, by number, so that a base image without that name does too.
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --start-interval=1s \
    CMD ["/usr/local/bin/sectigo-emulator", "health"]
ENTRYPOINT ["/usr/local/bin/sectigo-emulator"]
