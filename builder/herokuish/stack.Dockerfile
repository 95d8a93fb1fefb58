# A stack for buildpacks from Debian's packages, for where Heroku's own cannot be pulled.
ARG DEBIAN
FROM $DEBIAN AS run
RUN apt-get update && apt-get install -y --no-install-recommends bash bzip2 ca-certificates coreutils curl file findutils gettext-base git gnupg \
    libcurl4t64 libffi8 libgmp10 libicu76 libmariadb3 libpq5 libsqlite3-0 libssl3t64 libxml2 libxslt1.1 libyaml-0-2 locales openssh-client openssl procps \
    python3 rsync socat tar telnet tzdata unzip util-linux wget xz-utils zip zlib1g \
  && rm -rf /var/lib/apt/lists/*
ENV STACK=heroku-24 LANG=C.UTF-8
FROM run AS build
RUN apt-get update && apt-get install -y --no-install-recommends autoconf automake bison build-essential cmake jq libbz2-dev libcurl4-openssl-dev libffi-dev \
    libgmp-dev libicu-dev libmariadb-dev libncurses-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libxml2-dev libxslt1-dev libyaml-dev \
    patch pkg-config python3-dev zlib1g-dev \
  && rm -rf /var/lib/apt/lists/*
