# Two images of one build:
#
#   docker build -t wxlogin .                          the service
#   docker build -t wxsandbox --target wxsandbox .     WeChat, to develop against
#
# They hold the program, the shared libraries it is linked to, CA certificates, and a wget for the
# health check: no shell, no package manager. Both builders of Docker can build them, the classic
# one and BuildKit.

# The toolchain that rust-toolchain.toml names. The tag is exact; add its digest (@sha256:…) if
# your builds must not trust the registry to keep it.
FROM rust:1.95.0-slim-bookworm AS builder
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        busybox-static ca-certificates libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src

# The workspace with nothing in it but the manifests, and a placeholder wherever Cargo looks for a
# source file. It stays the same, and the layer of compiled dependencies with it, until a manifest
# changes or a target comes or goes.
FROM builder AS manifests
COPY Cargo.toml Cargo.lock ./
COPY bench bench
COPY crates crates
RUN find bench crates -regextype posix-extended -type f ! -regex \
        '(bench|crates/[^/]+)/(Cargo\.toml|build\.rs|src/(lib|main)\.rs|(src/bin|benches|examples|tests)/[^/]+\.rs)' \
        -delete \
    && printf '//! A placeholder.\nfn main() {}\n' > /placeholder.rs \
    && find bench crates -type f -name '*.rs' -exec cp /placeholder.rs '{}' ';'

FROM builder AS build
COPY --from=manifests /src .
RUN cargo build --locked --release -p api -p wxsandbox --features api/postgres-tls
COPY migrations migrations
COPY crates crates
# The placeholders were compiled later than these files were written, and Cargo compares the times.
RUN find crates -name '*.rs' -exec touch {} + \
    && cargo build --locked --release -p api -p wxsandbox --features api/postgres-tls

# The root of both images.
FROM build AS root
RUN mkdir -p /root-fs/bin /root-fs/etc/ssl/certs /data-folder/data \
    && install -d -m 1777 /root-fs/tmp \
    && ldd target/release/wxlogin target/release/wxsandbox \
        | grep -o '/[^ ]*\.so[^ ]*' | sort -u \
        | xargs -I '{}' cp --parents --dereference '{}' /root-fs \
    && cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/ \
    && cp /bin/busybox /root-fs/bin/wget \
    && echo 'wxlogin:x:10001:10001::/var/lib/wxlogin:/' > /root-fs/etc/passwd \
    && echo 'wxlogin:x:10001:' > /root-fs/etc/group \
    && echo 'hosts: files dns' > /root-fs/etc/nsswitch.conf

FROM scratch AS wxsandbox
COPY --from=root /root-fs /
COPY --from=build /src/target/release/wxsandbox /bin/wxsandbox
USER 10001:10001
ENV WXSANDBOX_LISTEN=0.0.0.0:5001 WXSANDBOX_ALLOW_REMOTE=true
EXPOSE 5001
HEALTHCHECK --interval=10s --timeout=3s CMD ["/bin/wxsandbox", "--probe"]
ENTRYPOINT ["/bin/wxsandbox"]

FROM scratch AS wxlogin
COPY --from=root /root-fs /
COPY --from=root --chown=10001:10001 /data-folder /var/lib/wxlogin
COPY --from=build /src/target/release/wxlogin /bin/wxlogin
USER 10001:10001
# Where SQLite's file lies, in data/, if no DATABASE_URL is given: mount a volume there.
WORKDIR /var/lib/wxlogin
# OpenSSL, which speaks TLS to PostgreSQL, looks for the certificates elsewhere. The allocator returns
# unused pages at once: 5 to 7 MB less with 256 logins at once (docs/performance.md).
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    MIMALLOC_PURGE_DELAY=0 \
    WXLOGIN_SERVER__LISTEN=0.0.0.0:5000 \
    WXLOGIN_SERVER__OPS_LISTEN=0.0.0.0:9090
EXPOSE 5000 9090
# Alive is enough here: a service whose database is away is not helped by a new container.
HEALTHCHECK --interval=10s --timeout=3s \
    CMD ["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9090/health/live"]
ENTRYPOINT ["/bin/wxlogin"]
