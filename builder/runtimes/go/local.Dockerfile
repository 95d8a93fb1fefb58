# Stands in for Go's official image.
ARG DEBIAN
FROM $DEBIAN AS build
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates gcc git golang-go libc6-dev openssh-client >/dev/null \
  && rm -rf /var/lib/apt/lists/*
