-- Secrets are sealed: seal(), and unseal() of what is read, are functions of the program (dokku/secrets/sealing.ts).
UPDATE config SET value = seal(value);
UPDATE releases SET config = seal(config), options = seal(options), args = seal(args);
UPDATE docker_options SET option = seal(option);
UPDATE certificates SET key = seal(key);
UPDATE properties SET value = seal(value)
WHERE name IN ('registry logins', 'webhooks webhook', 'http-auth front') OR value GLOB 'sealed:*';
UPDATE global_properties SET value = seal(value)
WHERE name = 'config global' OR name GLOB 'letsencrypt account *' OR value GLOB 'sealed:*';
UPDATE facts SET value = seal(value) WHERE name = 'registry logins' OR name GLOB 'git auth *' OR value GLOB 'sealed:*';
