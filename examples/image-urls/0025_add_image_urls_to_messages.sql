ALTER TABLE "bazaar-vid_message" ADD COLUMN "image_urls" jsonb;
ALTER TABLE "bazaar-vid_user" ALTER COLUMN "id" SET DATA TYPE varchar(255);
ALTER TABLE "bazaar-vid_animation_design_brief" DROP COLUMN "designBrief";
