-- Which users ever had a connection to a partition (src/durable-objects/visitors.ts): written by the partition before it lets a user in for
-- the first time each day, so that a change of rights finds every partition where the user may have something open. No reference to realms
-- or users: who is deleted may have connections open, too.
CREATE TABLE `partition_visitors` (
	`realm` text NOT NULL,
	`user_id` text NOT NULL,
	`partition` text NOT NULL,
	`last_day` integer NOT NULL,
	PRIMARY KEY(`realm`, `user_id`, `partition`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `partition_visitors_by_partition` ON `partition_visitors` (`realm`, `partition`);
