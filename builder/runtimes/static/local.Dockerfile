# Stands in for nginx's official images.
ARG DEBIAN
FROM $DEBIAN AS run
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light >/dev/null \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /var/www/html
CMD ["nginx", "-g", "daemon off;"]
