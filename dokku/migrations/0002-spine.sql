-- A locked app takes no deploy.
ALTER TABLE apps ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;

-- Every attempt to make a release from source or an image. What it said is in a file named after app and number.
CREATE TABLE builds (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id      INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('queued', 'building', 'deploying', 'succeeded', 'failed', 'cancelled', 'interrupted')),
  source      TEXT NOT NULL, -- git commit or image reference
  version     INTEGER,       -- the release it became
  error       TEXT,          -- why it did not succeed, one line
  created_by  TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  started_at  TEXT,
  finished_at TEXT,
  UNIQUE (app_id, number)
) STRICT;

-- What happened, for people: `events`. Old rows go as new ones come.
CREATE TABLE events (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  at   TEXT NOT NULL,
  app  TEXT,          -- its name at that time; null for what concerns the instance
  by   TEXT NOT NULL, -- the key's name, admin, or dokku itself
  text TEXT NOT NULL
) STRICT;

-- Records of BuildKit's cache that came with our builds: only these are ever pruned.
CREATE TABLE build_cache (
  record TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
