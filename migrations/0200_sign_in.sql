-- Sign-ins of several steps: codes, links, redirects, challenges, tickets (src/accounts/providers/flows.ts).
CREATE TABLE `sign_in_flows` (
	`id` text PRIMARY KEY NOT NULL,
	`realm` text NOT NULL,
	`kind` text NOT NULL,
	`secret_hash` text NOT NULL,
	`state` text NOT NULL,
	`tries_left` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sign_in_flows_by_expiry` ON `sign_in_flows` (`expires_at`);
--> statement-breakpoint
-- Authenticator apps and their recovery codes (src/accounts/providers/second-factors.ts).
CREATE TABLE `second_factors` (
	`realm` text NOT NULL,
	`user_id` text NOT NULL,
	`secret` text,
	`confirmed_at` integer,
	`last_step` integer DEFAULT 0 NOT NULL,
	`required` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `user_id`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `recovery_codes` (
	`realm` text NOT NULL,
	`user_id` text NOT NULL,
	`code_hash` text NOT NULL,
	PRIMARY KEY(`realm`, `user_id`, `code_hash`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`realm`,`user_id`) REFERENCES `users`(`realm`,`id`) ON UPDATE no action ON DELETE cascade
);
