# Stands in for Python's official images.
ARG DEBIAN
FROM $DEBIAN AS run
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python-is-python3 python3 >/dev/null \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log
CMD ["python3"]

FROM run AS build
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    build-essential git libffi-dev libpq-dev libssl-dev openssh-client pkgconf python3-dev python3-pip python3-venv >/dev/null \
  && rm -rf /var/lib/apt/lists/*
