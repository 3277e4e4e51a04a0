# Two images of one static binary, both without root:
#   docker build --target static -t driftgate:VERSION .      nothing but the binary and CA roots, for systems that start the command itself
#   docker build -t driftgate:VERSION-ci .                   with a shell and git, for GitLab CI/CD and Jenkins
# For another architecture build on it, or with `--platform` under emulation: the compiler builds for the machine that it runs on.

FROM rust:1.95-alpine AS build
# aws-lc is C. Alpine keeps one version of a package a release, so that a pinned one would be gone with the next patch.
# hadolint ignore=DL3018
RUN apk add --no-cache ca-certificates gcc make musl-dev perl tzdata
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist --bin driftgate \
    && install -D -m 0755 target/dist/driftgate /out/driftgate
# What needs a library would not start in an empty image.
RUN readelf --dynamic /out/driftgate >/tmp/dynamic && ! grep NEEDED /tmp/dynamic

FROM scratch AS static
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Tickets and configurations name time zones.
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /out/driftgate /usr/bin/driftgate
# Where the roots are looked for; mount your own bundle over it, or name another file.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /checkout
USER 65532:65532
ENTRYPOINT ["/usr/bin/driftgate"]
CMD ["--help"]

# GitLab's runner and Jenkins start a shell in the image, and in their checkouts the gate reads the protected branch through git.
FROM alpine:3.22 AS ci
# hadolint ignore=DL3018
RUN apk add --no-cache ca-certificates git tzdata \
    # The runner clones as root, the gate is not root, and git reads no folder of somebody else's unless told to.
    && git config --system --add safe.directory '*' \
    && addgroup -S -g 65532 driftgate \
    && adduser -S -D -u 65532 -G driftgate -h /home/driftgate driftgate
COPY --from=build /out/driftgate /usr/bin/driftgate
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /checkout
USER 65532:65532
ENTRYPOINT ["/usr/bin/driftgate"]
CMD ["--help"]
