-- Who may come in, by what, and what they may do. A key is one of its user's, who has roles: everywhere, or at an app.
CREATE TABLE users (
  name       TEXT PRIMARY KEY,
  created_at TEXT NOT NULL
) STRICT;
INSERT INTO users SELECT name, created_at FROM ssh_keys;

CREATE TABLE grants (
  user   TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  app_id INTEGER REFERENCES apps (id) ON DELETE CASCADE, -- null: everywhere
  role   TEXT NOT NULL CHECK (role IN ('viewer', 'deployer', 'admin'))
) STRICT;
CREATE UNIQUE INDEX one_role ON grants (user, coalesce(app_id, 0));
INSERT INTO grants SELECT name, NULL, role FROM ssh_keys;

CREATE TABLE keys_of_users (
  name        TEXT PRIMARY KEY,
  user        TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  public_key  TEXT NOT NULL,
  fingerprint TEXT NOT NULL UNIQUE,
  created_at  TEXT NOT NULL
) STRICT;
INSERT INTO keys_of_users SELECT name, name, public_key, fingerprint, created_at FROM ssh_keys;
DROP TABLE ssh_keys;
ALTER TABLE keys_of_users RENAME TO ssh_keys;

-- A token is a password of its user for the HTTP door, and never may more than they. Only its hash is kept.
CREATE TABLE tokens (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL UNIQUE,
  user       TEXT REFERENCES users (name) ON DELETE CASCADE, -- null: whoever is on the host
  hash       TEXT NOT NULL UNIQUE, -- SHA-256, hex
  role       TEXT CHECK (role IN ('viewer', 'deployer', 'admin')), -- null: its user's
  app_id     INTEGER REFERENCES apps (id) ON DELETE CASCADE, -- null: every app of its user's
  expires_at TEXT,
  created_at TEXT NOT NULL
) STRICT;

-- Every command and push. Each row's hash covers the hash before it, so that none can be changed or taken out unnoticed.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT NOT NULL,
  by         TEXT NOT NULL,
  credential TEXT NOT NULL, -- what they came in by
  door       TEXT NOT NULL,
  app        TEXT,
  text       TEXT NOT NULL,
  status     INTEGER NOT NULL,
  error      TEXT,
  release    INTEGER,
  hash       TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit trail is never changed');
END;
-- Its oldest rows go once the hash of the last of them is kept.
CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
WHEN OLD.id > coalesce((SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'audit dropped'), 0) BEGIN
  SELECT RAISE(ABORT, 'the audit trail is never cut');
END;
