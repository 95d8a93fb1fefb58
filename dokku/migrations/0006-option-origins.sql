-- Which command set an option: docker-options itself (empty), or one that says it in other words, such as resource or storage.
ALTER TABLE docker_options ADD COLUMN origin TEXT NOT NULL DEFAULT '';
