-- offline, too
CREATE TABLE "user" (id bigint PRIMARY KEY);
CREATE TABLE image (id bigint PRIMARY KEY, owner bigint, state text);
INSERT INTO "user" SELECT n FROM generate_series(1, 10) n;
INSERT INTO image SELECT n, n FROM generate_series(1, 10) n;
-- then:
DO $$ BEGIN
 CREATE TYPE "public"."kind" AS ENUM('jpeg', 'png');
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
--> statement-breakpoint
DO $$ BEGIN
 ALTER TABLE "image" ADD CONSTRAINT "image_owner_user_id_fk" FOREIGN KEY ("owner") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
--> statement-breakpoint
ALTER TABLE "image" ADD COLUMN "kind" "kind" DEFAULT 'png' NOT NULL;
