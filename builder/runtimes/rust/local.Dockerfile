# Stands in for Rust's official image, by the newer compiler that Debian keeps for its browsers.
ARG DEBIAN
FROM $DEBIAN AS build
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates cargo-web gcc git libc6-dev libssl-dev openssh-client pkgconf rustc-web >/dev/null \
  && rm -rf /var/lib/apt/lists/*
