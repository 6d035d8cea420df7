-- Which incarnation of a partition the service knows (src/durable-objects/birth.ts): written once, when a partition is born, and compared
-- until partition and account store agree. A partition whose storage was lost finds an earlier birth here and lets its devices wait.
CREATE TABLE `partition_births` (
	`realm` text NOT NULL,
	`key` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`realm`, `key`),
	FOREIGN KEY (`realm`) REFERENCES `realms`(`name`) ON UPDATE no action ON DELETE cascade
);
