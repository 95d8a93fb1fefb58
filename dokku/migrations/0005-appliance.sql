-- Settings of every app that has none of its own.
CREATE TABLE global_properties (
  name  TEXT PRIMARY KEY, -- GROUP KEY, as in properties
  value TEXT NOT NULL
) STRICT;

-- The certificate of an app, or of the HTTP door.
CREATE TABLE certificates (
  app_id     INTEGER UNIQUE REFERENCES apps (id) ON DELETE CASCADE, -- null: the door's
  chain      TEXT NOT NULL, -- PEM, the leaf first
  key        TEXT NOT NULL, -- PEM
  origin     TEXT NOT NULL CHECK (origin IN ('imported', 'self-signed', 'acme')),
  not_after  TEXT NOT NULL,
  stored_at  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_door_certificate ON certificates (coalesce(app_id, 0));
