# Stands in for the images of Maven and Temurin.
ARG DEBIAN
FROM $DEBIAN AS run
# The packages of Java link manual pages, whether or not there is a place for them.
RUN mkdir -p /usr/share/man/man1 && apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates openjdk-21-jre-headless >/dev/null \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log

FROM run AS build
RUN mkdir -p /usr/share/man/man1 && apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends git maven openjdk-21-jdk-headless >/dev/null \
  && rm -rf /var/lib/apt/lists/*
