# Stands in for Node's official images: its binary and npm come from the npm registry, the rest from Debian.
ARG DEBIAN
FROM $DEBIAN AS fetch
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends binutils ca-certificates curl openssl >/dev/null
# As in scripts/fetch-node.
RUN set -eu; \
  fetch() { \
    curl -fsS --retry 3 -o /tmp/package.tgz "https://registry.npmjs.org/$1/-/$1-$2.tgz"; \
    [ "$(openssl dgst -sha512 -binary /tmp/package.tgz | openssl base64 -A)" = "$3" ] || { echo "$1-$2 has another digest" >&2; exit 1; }; \
    mkdir -p "$4"; tar -xzf /tmp/package.tgz -C "$4" --strip-components=1 --no-same-owner; \
  }; \
  case "$(dpkg --print-architecture)" in \
    amd64) arch=x64; digest=3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==;; \
    arm64) arch=arm64; digest=FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==;; \
    *) echo "no Node for this architecture" >&2; exit 1;; \
  esac; \
  fetch "node-linux-$arch" 24.21.0 "$digest" /tmp/node; \
  fetch npm 11.19.1 ztsxKxt/kkIaAs+2i0GU6I+DRmUdrNasxTZKJe9TCdSjKxlhah/4r/hl5ygMD6XAg1qZ9c2TNomR4qgOydp10g== /node/lib/node_modules/npm; \
  mkdir -p /node/bin; strip -o /node/bin/node /tmp/node/bin/node; \
  ln -s ../lib/node_modules/npm/bin/npm-cli.js /node/bin/npm; \
  ln -s ../lib/node_modules/npm/bin/npx-cli.js /node/bin/npx

FROM $DEBIAN AS run
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates libstdc++6 >/dev/null \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
  && groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home --shell /bin/bash node
COPY --from=fetch /node /usr/local
CMD ["node"]

FROM run AS build
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends build-essential git openssh-client python3 >/dev/null && rm -rf /var/lib/apt/lists/*
