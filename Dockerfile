# One image, three roles: control (the default), the SSH gateway, the appliance.
# Plain instructions only, so that it builds with BuildKit and with the classic builder.
# A CA bundle of a TLS-re-signing proxy may lie in the context as host.ca.crt; it is
# used in throw-away stages and never reaches a shipped layer.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS fetch
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl binutils && rm -rf /var/lib/apt/lists/*
COPY scripts/fetch-node package.json *.ca.crt /fetch/
RUN /fetch/fetch-node /node

# The stand-in for Node's official image where no registry answers.
FROM ${BASE} AS node
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 && rm -rf /var/lib/apt/lists/*
COPY --from=fetch /node /usr/local
CMD ["node"]

FROM node AS modules
WORKDIR /opt/dokku
COPY package.json package-lock.json *.ca.crt /opt/dokku/
RUN if [ -e host.ca.crt ]; then export NODE_EXTRA_CA_CERTS=/opt/dokku/host.ca.crt; fi && npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${BASE} AS client
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools && rm -rf /var/lib/apt/lists/*
COPY execd/client.c /client.c
RUN musl-gcc -Os -static -s -Wall -Wextra -Werror -o /dokku /client.c

FROM ${BASE} AS dokku
RUN apt-get update && apt-get install -y --no-install-recommends \
    ca-certificates git tini openssh-server nginx libnginx-mod-http-lua \
  && rm -rf /var/lib/apt/lists/* /var/cache/nginx /etc/ssh/ssh_host_* \
  && groupadd --gid 22022 dokku \
  && useradd --uid 12345 --gid 22022 --home-dir /home/dokku --create-home --shell /usr/local/bin/dokku --password '*' dokku \
  && git config --system safe.directory '*'
COPY --from=client /dokku /usr/local/bin/dokku
COPY --from=fetch /node/bin/node /usr/local/bin/node
COPY --from=modules /opt/dokku/node_modules /opt/dokku/node_modules
