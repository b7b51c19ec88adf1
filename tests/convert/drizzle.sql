CREATE TABLE IF NOT EXISTS "image" (
	"id" serial PRIMARY KEY NOT NULL,
	"owner_id" varchar(255) NOT NULL
);
--> statement-breakpoint
ALTER TABLE "user" ADD COLUMN "avatar_id" integer;--> statement-breakpoint
DO $$ BEGIN
 ALTER TABLE "image" ADD CONSTRAINT "image_owner_id_user_id_fk" FOREIGN KEY ("owner_id") REFERENCES "user"("id") ON DELETE no action;
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
--> statement-breakpoint
ALTER TABLE "user" ADD CONSTRAINT "user_avatar_id_image_id_fk" FOREIGN KEY ("avatar_id") REFERENCES "image"("id") ON DELETE set null ON UPDATE cascade;
