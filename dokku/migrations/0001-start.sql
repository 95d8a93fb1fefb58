-- Desired state. Actual state is in Docker; reconcile.ts closes the distance.
CREATE TABLE apps (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  release_id INTEGER REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED, -- the release that serves; null before the first deploy
  restarts   INTEGER NOT NULL DEFAULT 0, -- part of what makes two containers equal, so that a restart replaces them
  stopped    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE releases (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id      INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  version     INTEGER NOT NULL,
  image       TEXT NOT NULL, -- image id, sha256:...
  config      TEXT NOT NULL, -- JSON object
  formation   TEXT NOT NULL, -- JSON object: process -> quantity
  manifest    TEXT NOT NULL, -- JSON: processes and health checks, as read from the source
  revision    TEXT,          -- git commit, or the image reference of an image deploy
  description TEXT NOT NULL,
  created_by  TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  UNIQUE (app_id, version)
) STRICT;

CREATE TABLE config (
  app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  key    TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (app_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE formation (
  app_id   INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  process  TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  PRIMARY KEY (app_id, process)
) STRICT, WITHOUT ROWID;

CREATE TABLE domains (
  host   TEXT PRIMARY KEY,
  app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE
) STRICT;

-- Settings of an app under their Dokku names, such as git deploy-branch.
CREATE TABLE properties (
  app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  name   TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (app_id, name)
) STRICT, WITHOUT ROWID;

-- An address is leased before its container exists and freed after the container is gone.
CREATE TABLE addresses (
  address   TEXT PRIMARY KEY,
  container TEXT NOT NULL, -- the label dokku.container of the one who holds it
  leased_at TEXT NOT NULL
) STRICT;

CREATE TABLE ssh_keys (
  name        TEXT PRIMARY KEY,
  public_key  TEXT NOT NULL,
  fingerprint TEXT NOT NULL UNIQUE,
  role        TEXT NOT NULL CHECK (role IN ('admin', 'deployer')),
  created_at  TEXT NOT NULL
) STRICT;

-- Small facts about this instance: its subnet, the last address handed out.
CREATE TABLE facts (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
