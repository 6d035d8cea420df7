-- The default realm always exists. It admits people with a password (no confirmation by mail, until an operator configures mail), anonymous
-- users and API keys, so that a fresh installation can be signed in to.
INSERT INTO `realms` (`name`, `id`, `is_default`, `active`, `entity`, `settings`, `created_at`)
VALUES ('users', lower(hex(randomblob(12))), 1, 1, 'users', '{}', unixepoch() * 1000);
--> statement-breakpoint
INSERT INTO `realm_providers` (`realm`, `type`, `id`, `name`, `disabled`, `config`, `created_at`) VALUES
('users', 'local-userpass', lower(hex(randomblob(12))), 'local-userpass', 0, '{"autoConfirm":true}', unixepoch() * 1000),
('users', 'anon-user', lower(hex(randomblob(12))), 'anon-user', 0, '{}', unixepoch() * 1000),
('users', 'api-key', lower(hex(randomblob(12))), 'api-key', 0, '{}', unixepoch() * 1000);
