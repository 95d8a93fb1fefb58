# Stands in for the images of PHP with Apache and of Composer.
ARG DEBIAN
FROM $DEBIAN AS run
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    apache2 ca-certificates libapache2-mod-php media-types php-bcmath php-cli php-curl php-gd php-intl php-mbstring php-mysql php-pgsql php-sqlite3 php-xml php-zip >/dev/null \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /var/www/html

FROM run AS build
RUN apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends composer git openssh-client unzip >/dev/null \
  && rm -rf /var/lib/apt/lists/*
