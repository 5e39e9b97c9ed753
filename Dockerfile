# The base image can be replaced, by a mirror's for example: docker build --build-arg BUILD_IMAGE=...
# Any image does that has a stable Rust toolchain, gcc (aws-lc is C; no cmake is needed) and glibc 2.34 or newer: an older
# one loads libraries to resolve host names even in a static program, and the final image has none.
ARG BUILD_IMAGE=docker.io/library/rust:1-slim-bookworm

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
# A static program, so that the final image needs nothing beside it.
ENV RUSTFLAGS="-C target-feature=+crt-static" \
    CARGO_PROFILE_RELEASE_STRIP=symbols
# The dependencies alone, in a layer that stays as long as the lock file does. With --target, cargo keeps the flags from
# procedural macros, which cannot be static.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
# What Cargo.toml names must be there, though it is not built.
COPY benches benches
COPY examples examples
RUN mkdir src \
 && touch src/lib.rs \
 && echo 'fn main() {}' > src/main.rs \
 && cargo build --release --locked --bin sectigo-emulator --target "$(rustc --print host-tuple)"
COPY . .
# Cargo compares times, and the copied files may be older than the empty ones that were just built.
RUN touch src/lib.rs src/main.rs \
 && cargo build --release --locked --bin sectigo-emulator --target "$(rustc --print host-tuple)" \
 && mv "target/$(rustc --print host-tuple)/release/sectigo-emulator" .

# The program and nothing else: no shell, no package manager, no libraries.
FROM scratch
COPY --from=build /build/sectigo-emulator /usr/local/bin/sectigo-emulator
# The last one is for neighbours on a network of containers that call this one sectigo-emulator; certificates hold it.
ENV SECTIGO_EMULATOR_HTTPS=0.0.0.0:8443 \
    SECTIGO_EMULATOR_HTTP=0.0.0.0:8080 \
    SECTIGO_EMULATOR_CONTROL=0.0.0.0:8081 \
    SECTIGO_EMULATOR_CONTROL_HOST=sectigo-emulator \
    SECTIGO_EMULATOR_HTTP_URL=http://sectigo-emulator:8080
EXPOSE 8443 8080 8081
# Not root; by number, since the image has no list of users.
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=60s --interval=2s --timeout=3s CMD ["/usr/local/bin/sectigo-emulator", "health"]
ENTRYPOINT ["/usr/local/bin/sectigo-emulator"]
