-- Options of `docker run` that an app's next release takes, in the order in which they were set.
CREATE TABLE docker_options (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id  INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  phase   TEXT NOT NULL CHECK (phase IN ('build', 'deploy', 'run')),
  process TEXT NOT NULL, -- a process type; empty for all
  option  TEXT NOT NULL
) STRICT;

ALTER TABLE releases ADD COLUMN options TEXT NOT NULL DEFAULT '[]'; -- JSON: those of the app
ALTER TABLE releases ADD COLUMN args TEXT NOT NULL DEFAULT '[]';    -- JSON: those that plugins added when it was made
