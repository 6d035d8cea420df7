CREATE TABLE `admin_rights` (
	`realm` text NOT NULL,
	`user_id` text NOT NULL,
	`scope` text NOT NULL,
	`granted_by` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `user_id`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`key_hash` text NOT NULL,
	`disabled` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_name` ON `api_keys` (`realm`,`user_id`,`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_hash` ON `api_keys` (`realm`,`key_hash`);--> statement-breakpoint
CREATE TABLE `applications` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `applications_name` ON `applications` (`realm`,`name`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`target` text NOT NULL,
	`detail` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_by_realm` ON `audit_log` (`realm`,`id`);--> statement-breakpoint
CREATE TABLE `credentials` (
	`realm` text NOT NULL,
	`username` text NOT NULL,
	`display_name` text NOT NULL,
	`user_id` text,
	`confirmed` integer NOT NULL,
	`password_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `username`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `credentials_by_user` ON `credentials` (`realm`,`user_id`);--> statement-breakpoint
CREATE TABLE `entities` (
	`realm` text NOT NULL,
	`name` text NOT NULL,
	`definition` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `name`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `grants` (
	`realm` text NOT NULL,
	`partition` text NOT NULL,
	`subject` text NOT NULL,
	`user_id` text,
	`may_read` integer,
	`may_write` integer,
	`may_manage` integer,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `partition`, `subject`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "grants_subject" CHECK("grants"."subject" = coalesce("grants"."user_id", '*'))
);
--> statement-breakpoint
CREATE INDEX `grants_by_subject` ON `grants` (`realm`,`subject`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`realm` text NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`status` integer,
	`body` text,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `key`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_by_expiry` ON `idempotency_keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `identities` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`user_id` text NOT NULL,
	`provider` text NOT NULL,
	`subject` text NOT NULL,
	`data` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `identities_by_user` ON `identities` (`realm`,`user_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `identities_subject` ON `identities` (`realm`,`provider`,`subject`);--> statement-breakpoint
CREATE TABLE `one_time_codes` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`purpose` text NOT NULL,
	`subject` text NOT NULL,
	`code_hash` text NOT NULL,
	`tries_left` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `one_time_codes_by_subject` ON `one_time_codes` (`realm`,`purpose`,`subject`);--> statement-breakpoint
CREATE INDEX `one_time_codes_by_expiry` ON `one_time_codes` (`expires_at`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`channel` text NOT NULL,
	`recipient` text NOT NULL,
	`template` text NOT NULL,
	`parameters` text NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `outbox_by_creation` ON `outbox` (`created_at`);--> statement-breakpoint
CREATE TABLE `partitions` (
	`realm` text NOT NULL,
	`key` text NOT NULL,
	`owner_id` text,
	`created_at` integer NOT NULL,
	`last_opened_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `key`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `partitions_by_owner` ON `partitions` (`realm`,`owner_id`);--> statement-breakpoint
CREATE TABLE `realm_providers` (
	`realm` text NOT NULL,
	`type` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`disabled` integer DEFAULT false NOT NULL,
	`config` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `type`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `realm_providers_id_unique` ON `realm_providers` (`id`);--> statement-breakpoint
CREATE TABLE `realm_secrets` (
	`realm` text NOT NULL,
	`name` text NOT NULL,
	`id` text NOT NULL,
	`value` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `name`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `realm_secrets_id_unique` ON `realm_secrets` (`id`);--> statement-breakpoint
CREATE TABLE `realms` (
	`name` text PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`is_default` integer DEFAULT false NOT NULL,
	`active` integer DEFAULT true NOT NULL,
	`entity` text DEFAULT 'users' NOT NULL,
	`settings` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `realms_id_unique` ON `realms` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `realms_one_default` ON `realms` (`is_default`) WHERE "realms"."is_default" = 1;--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`user_id` text NOT NULL,
	`provider` text NOT NULL,
	`api_key_id` text,
	`device_id` text NOT NULL,
	`device` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sessions_by_user` ON `sessions` (`realm`,`user_id`);--> statement-breakpoint
CREATE INDEX `sessions_by_expiry` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `sign_in_failures` (
	`realm` text NOT NULL,
	`key` text NOT NULL,
	`failures` integer NOT NULL,
	`blocked_until` integer NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `key`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sign_in_failures_by_time` ON `sign_in_failures` (`last_at`);--> statement-breakpoint
CREATE TABLE `user_keys` (
	`realm` text NOT NULL,
	`field` text NOT NULL,
	`value` text NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`realm`, `field`, `value`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `user_keys_by_user` ON `user_keys` (`realm`,`user_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`type` text DEFAULT 'normal' NOT NULL,
	`state` text DEFAULT 'normal' NOT NULL,
	`fields` text DEFAULT '{}' NOT NULL,
	`profile` text DEFAULT '{}' NOT NULL,
	`custom_data` text,
	`tags` text DEFAULT '[]' NOT NULL,
	`meta` text DEFAULT '{}' NOT NULL,
	`properties` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`last_sign_in_at` integer,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `users_by_creation` ON `users` (`realm`,`created_at`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_in_realm` ON `users` (`realm`,`id`);