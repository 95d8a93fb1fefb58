# One image, three roles: control (the default), the SSH gateway, the appliance.
# Plain instructions only, so that BuildKit and the classic builder both build it.
# A CA bundle of a TLS-re-signing proxy may lie in the context as host.ca.crt: it is
# used in throw-away stages, and only artifacts are copied out of them.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS tools
RUN apt-get update && apt-get install -y --no-install-recommends binutils ca-certificates curl musl-tools && rm -rf /var/lib/apt/lists/*

FROM tools AS fetch
COPY scripts/fetch-node *.ca.crt /fetch/
RUN /fetch/fetch-node /node

# The stand-in for Node's official image, node:24-slim, where no registry answers.
FROM ${BASE} AS node
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
  && groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home --shell /bin/bash node
COPY --from=fetch /node /usr/local
CMD ["node"]

FROM node AS modules
WORKDIR /opt/dokku
COPY package.json package-lock.json *.ca.crt /opt/dokku/
RUN if [ -e host.ca.crt ]; then export NODE_EXTRA_CA_CERTS=/opt/dokku/host.ca.crt; fi \
  && npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.map' -o -name '*.md' ! -iname 'licen*' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

# The thin client: a static program of some 55 kB.
FROM tools AS client
COPY execd/*.c execd/*.h /client/
RUN musl-gcc -Os -static -s -Wall -Wextra -Werror -o /dokku /client/*.c

# The source as the image carries it: without tests, and whichever components are there.
FROM ${BASE} AS source
COPY . /checkout
RUN mkdir -p /source/scripts && cd /checkout && rm -rf ./*.ca.crt .git node_modules \
  && for part in lib plugn execd gitreceive builder nginx dokku plugins package.json; do \
       if [ -e "$part" ]; then cp -R "$part" /source/; fi; \
     done \
  && cp scripts/role /source/scripts/ \
  && find /source -not -path '*/templates/*' \( -name '*.test.ts' -o -name '*.contract.ts' -o -name '*.[ch]' -o -name '*fixture*.ts' -o -name harness.ts -o -path '*/fixtures/*' \) -delete

# What runs beside our own source: the image's programs, users, directories and settings.
FROM ${BASE} AS system
# The second line of packages is for plugins, which call their programs: column, crontab, mkpasswd, netstat and so on.
# Left out: documentation, and programs of git's (some 2.4 MB each) that no part of us calls.
RUN printf 'path-exclude=%s\npath-include=/usr/share/doc/*/copyright\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' \
    '/usr/bin/scalar' '/usr/bin/git-shell' '/usr/lib/git-core/scalar' '/usr/lib/git-core/git-shell' '/usr/lib/git-core/git-daemon' \
    '/usr/lib/git-core/git-http-fetch' '/usr/lib/git-core/git-http-push' '/usr/lib/git-core/git-imap-send' \
    '/usr/lib/git-core/git-sh-i18n--envsubst' >/etc/dpkg/dpkg.cfg.d/slim \
  && apt-get update && apt-get install -y --no-install-recommends \
    ca-certificates docker-cli git libnginx-mod-http-lua libnginx-mod-stream nginx openssh-server systemd-standalone-sysusers tini \
    bsdextrautils cron curl jq net-tools openssl rsync sudo whois zstd \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /etc/ssh/ssh_host_* /var/www/html \
  && groupadd --gid 22022 dokku \
  && useradd --uid 12345 --gid 22022 --home-dir /home/dokku --no-create-home --shell /usr/local/bin/dokku --password '*' dokku \
  && git config --system safe.directory '*' \
  && install -d -m 0700 /run/dokku /run/dokku/admin /run/dokku/hooks /run/dokku/appliance /var/lib/dokku /var/lib/nginx-appliance \
  && install -d /etc/dokku && install -d -o dokku -g dokku /home/dokku \
  && install -d -m 0750 -g dokku /run/dokku/gateway && chmod 0755 /run/dokku \
  && install -d -m 0700 -o dokku -g dokku /var/lib/execd
COPY --from=fetch /node/bin/node /usr/local/bin/node
WORKDIR /opt/dokku
ENV NODE_COMPILE_CACHE=/opt/dokku/.compile-cache
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 CMD ["dokku", "health"]
ENTRYPOINT ["tini", "-g", "--", "/opt/dokku/scripts/role"]
CMD ["control"]

FROM system AS dokku
COPY --from=modules /opt/dokku/node_modules /opt/dokku/node_modules
COPY --from=client /dokku /usr/local/bin/dokku
COPY --from=source /source /opt/dokku
RUN ln -s /opt/dokku/plugn/plugn.js /usr/local/bin/plugn && ln -s plugn /usr/local/bin/pluginhook \
  && ln -s /opt/dokku/plugins/common/sigil/main.ts /usr/local/bin/sigil
# Compiled once here, by the flags of the roles, so that a start costs what bundled code would.
RUN for role in control gateway appliance; do timeout 30 scripts/role $role --warm || exit 1; done \
  && PLUGIN_PATH=/nowhere plugn list && PLUGIN_PATH=/nowhere plugn trigger warm
ARG VERSION=0.0.0
LABEL org.opencontainers.image.title=dokku org.opencontainers.image.version=${VERSION} org.opencontainers.image.licenses=MIT

# For tests only: a second, newer engine (faults that would hurt the host's), and a registry.
FROM ${BASE} AS engine
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates docker-cli docker.io iproute2 iptables \
  && rm -rf /var/lib/apt/lists/*
VOLUME /var/lib/docker
CMD ["dockerd", "-H", "unix:///var/run/docker.sock", "-s", "overlay2"]

FROM ${BASE} AS registry
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates docker-registry \
  && rm -rf /var/lib/apt/lists/* \
  && printf '%s\n' 'version: 0.1' 'storage:' '  filesystem:' '    rootdirectory: /var/lib/registry' '  delete:' '    enabled: true' \
    'http:' '  addr: :5000' >/etc/docker/registry/config.yml
EXPOSE 5000
CMD ["docker-registry", "serve", "/etc/docker/registry/config.yml"]

FROM node AS checks
WORKDIR /opt/dokku
COPY package.json package-lock.json *.ca.crt /opt/dokku/
RUN if [ -e host.ca.crt ]; then export NODE_EXTRA_CA_CERTS=/opt/dokku/host.ca.crt; fi \
  && npm ci --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node-linux-* node_modules/.bin/node

# Everything of the image, and what the tests need besides.
FROM system AS test
RUN apt-get update && apt-get install -y --no-install-recommends busybox-static caddy curl docker-cli docker-compose fcgiwrap fish haproxy openssh-client openssl pebble procps python3 wrk zsh \
  && rm -rf /var/lib/apt/lists/*
COPY --from=fetch /node/lib/node_modules/npm /usr/local/lib/node_modules/npm
COPY --from=checks /opt/dokku/node_modules /opt/dokku/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_COMPILE_CACHE=/tmp/compile-cache
HEALTHCHECK NONE
ENTRYPOINT ["tini", "-g", "--"]
CMD ["scripts/run-tests"]
COPY --from=client /dokku /usr/local/bin/dokku
COPY --from=source /checkout /opt/dokku

# The plugin tool alone, for projects that have nothing to do with Dokku. Its version is plugn/version.ts's.
FROM ${BASE} AS plugn
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git libstdc++6 \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log
COPY --from=fetch /node/bin/node /usr/local/bin/node
COPY --from=modules /opt/dokku/node_modules /opt/plugn/node_modules
COPY --from=source /source/package.json /opt/plugn/
COPY --from=source /source/lib /opt/plugn/lib
COPY --from=source /source/plugn /opt/plugn/plugn
ENV PLUGIN_PATH=/var/lib/plugins
RUN ln -s /opt/plugn/plugn/plugn.js /usr/local/bin/plugn && ln -s plugn /usr/local/bin/pluginhook \
  && plugn init && plugn list && plugn trigger warm
LABEL org.opencontainers.image.title=plugn org.opencontainers.image.version=1.0.0 org.opencontainers.image.licenses=MIT
CMD ["plugn"]

# Git over SSH and HTTP that calls your program, alone.
FROM ${BASE} AS gitreceive
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git libstdc++6 passwd tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
  && git config --system safe.directory '*'
COPY --from=fetch /node/bin/node /usr/local/bin/node
COPY --from=modules /opt/dokku/node_modules /opt/gitreceive/node_modules
COPY --from=source /source/package.json /opt/gitreceive/
COPY --from=source /source/lib /opt/gitreceive/lib
COPY --from=source /source/gitreceive /opt/gitreceive/gitreceive
ENV NODE_COMPILE_CACHE=/opt/gitreceive/.compile-cache
RUN printf '#!/bin/sh\nexec node /opt/gitreceive/gitreceive/main.ts "$@"\n' >/usr/local/bin/gitreceive && chmod 755 /usr/local/bin/gitreceive \
  && gitreceive --warm
LABEL org.opencontainers.image.title=gitreceive org.opencontainers.image.licenses=MIT
ENTRYPOINT ["tini", "-g", "--"]
CMD ["gitreceive", "help"]

# SSH that calls your program, alone.
FROM ${BASE} AS execd
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 openssh-server passwd tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /etc/ssh/ssh_host_*
COPY --from=fetch /node/bin/node /usr/local/bin/node
COPY --from=client /dokku /usr/local/bin/dokku
COPY --from=modules /opt/dokku/node_modules /opt/execd/node_modules
COPY --from=source /source/package.json /opt/execd/
COPY --from=source /source/lib /opt/execd/lib
COPY --from=source /source/execd /opt/execd/execd
ENV NODE_COMPILE_CACHE=/opt/execd/.compile-cache
RUN for program in execd:main sshcommand:sshcommand; do \
    printf '#!/bin/sh\nexec node /opt/execd/execd/%s.ts "$@"\n' "${program#*:}" >"/usr/local/bin/${program%:*}" || exit 1; \
  done && chmod 755 /usr/local/bin/execd /usr/local/bin/sshcommand && execd --warm && sshcommand --warm
LABEL org.opencontainers.image.title=execd org.opencontainers.image.licenses=MIT
VOLUME /var/lib/execd
EXPOSE 22
ENTRYPOINT ["tini", "-g", "--", "execd"]
CMD ["help"]

# Source in, image out, with doors for pushes over SSH and HTTP, alone. It has Debian's apt, of which it makes base images.
FROM ${BASE} AS builder
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git libstdc++6 openssh-server passwd tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /etc/ssh/ssh_host_* \
  && git config --system safe.directory '*'
COPY --from=fetch /node/bin/node /usr/local/bin/node
COPY --from=client /dokku /usr/local/bin/dokku
COPY --from=modules /opt/dokku/node_modules /opt/builder/node_modules
COPY --from=source /source/package.json /opt/builder/
COPY --from=source /source/lib /opt/builder/lib
COPY --from=source /source/plugn /opt/builder/plugn
COPY --from=source /source/execd /opt/builder/execd
COPY --from=source /source/gitreceive /opt/builder/gitreceive
COPY --from=source /source/builder /opt/builder/builder
ENV NODE_COMPILE_CACHE=/opt/builder/.compile-cache BUILDER_SSH=22 BUILDER_HTTP=0.0.0.0:80
RUN for program in builder execd gitreceive; do \
    printf '#!/bin/sh\nexec node --max-semi-space-size=1 /opt/builder/%s/main.ts "$@"\n' "$program" >"/usr/local/bin/$program" || exit 1; \
  done && chmod 755 /usr/local/bin/builder /usr/local/bin/execd /usr/local/bin/gitreceive \
  && ln -s /opt/builder/builder/buildstep /usr/local/bin/buildstep \
  && builder --warm && execd --warm && gitreceive --warm
LABEL org.opencontainers.image.title=builder org.opencontainers.image.licenses=MIT
VOLUME /var/lib/builder
EXPOSE 22 80
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 CMD ["builder", "jobs"]
ENTRYPOINT ["tini", "-g", "--", "builder"]
CMD ["serve"]

# nginx as a programmable container, alone: sites, routes and a tree of JSON in, reloaded nginx out.
FROM ${BASE} AS nginx-appliance
RUN apt-get update && apt-get install -y --no-install-recommends libnginx-mod-http-lua libnginx-mod-stream libstdc++6 nginx openssl tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
  && install -d -m 0700 /run/appliance /var/lib/nginx-appliance
COPY --from=fetch /node/bin/node /usr/local/bin/node
COPY --from=modules /opt/dokku/node_modules /opt/appliance/node_modules
COPY --from=source /source/package.json /opt/appliance/
COPY --from=source /source/lib /opt/appliance/lib
COPY --from=source /source/nginx /opt/appliance/nginx
ENV NODE_COMPILE_CACHE=/opt/appliance/.compile-cache APPLIANCE_SOCKET=/run/appliance/api.sock
RUN ln -s /opt/appliance/nginx/appliance /usr/local/bin/appliance && node --max-semi-space-size=1 /opt/appliance/nginx/main.ts --warm
LABEL org.opencontainers.image.title=nginx-appliance org.opencontainers.image.licenses=MIT
VOLUME /var/lib/nginx-appliance
EXPOSE 80 443 9000
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 CMD ["appliance", "api", "GET", "/health"]
ENTRYPOINT ["tini", "-g", "--"]
CMD ["appliance"]

# A plain `docker build .` gives the image itself.
FROM dokku
