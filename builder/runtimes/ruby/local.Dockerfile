# Stands in for Ruby's official images.
ARG DEBIAN
FROM $DEBIAN AS run
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates ruby ruby-bundler >/dev/null \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log && mkdir -p /usr/local/bundle
CMD ["irb"]

FROM run AS build
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    build-essential git libffi-dev libpq-dev libsqlite3-dev libyaml-dev openssh-client pkgconf ruby-dev >/dev/null \
  && rm -rf /var/lib/apt/lists/*
