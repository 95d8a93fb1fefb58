-- What is kept of containers that are gone; their lines are in a file of that name.
CREATE TABLE kept_logs (
  container  TEXT PRIMARY KEY, -- the engine's id
  app_id     INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  process    TEXT NOT NULL,
  dyno       TEXT NOT NULL, -- such as web.1
  release    INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  ended_at   TEXT NOT NULL,
  exit_code  INTEGER,       -- null: it was removed while it ran
  oom        INTEGER NOT NULL,
  attempt    TEXT,          -- of a deploy that failed: when it did
  bytes      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_logs_of_app ON kept_logs (app_id, process, started_at);

-- Where the lines of apps go, and how far they are.
CREATE TABLE drains (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id     INTEGER REFERENCES apps (id) ON DELETE CASCADE, -- null: every app
  url        TEXT NOT NULL, -- sealed: it may hold a password
  inner      INTEGER NOT NULL, -- may it be in a private network?
  created_at TEXT NOT NULL,
  delivered  INTEGER NOT NULL DEFAULT 0,
  dropped    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE drain_positions (
  drain_id  INTEGER NOT NULL REFERENCES drains (id) ON DELETE CASCADE,
  container TEXT NOT NULL, -- the engine's id
  time      TEXT NOT NULL, -- of its last line that was delivered or dropped
  PRIMARY KEY (drain_id, container)
) STRICT, WITHOUT ROWID;
