-- A video app's database as its migration generator made it: prefixed names, camel-case columns, text keys for users.
-- User keys come from an outside service and look like user_2aF3…: they are not UUIDs and never were.

CREATE TABLE "bazaar-vid_user" (
    "id" varchar(255) PRIMARY KEY NOT NULL,
    "name" varchar(255),
    "email" varchar(255) NOT NULL,
    "emailVerified" timestamp with time zone,
    "image" varchar(255),
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE "bazaar-vid_account" (
    "userId" varchar(255) NOT NULL,
    "type" varchar(255) NOT NULL,
    "provider" varchar(255) NOT NULL,
    "providerAccountId" varchar(255) NOT NULL,
    "refresh_token" text,
    "access_token" text,
    "expires_at" integer,
    CONSTRAINT "bazaar-vid_account_provider_providerAccountId_pk" PRIMARY KEY ("provider", "providerAccountId")
);

CREATE TABLE "bazaar-vid_session" (
    "sessionToken" varchar(255) PRIMARY KEY NOT NULL,
    "userId" varchar(255) NOT NULL,
    "expires" timestamp with time zone NOT NULL
);

CREATE TABLE "bazaar-vid_project" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "userId" varchar(255) NOT NULL,
    "title" varchar(255) NOT NULL,
    "props" jsonb DEFAULT '{}'::jsonb NOT NULL,
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp with time zone
);

CREATE TABLE "bazaar-vid_message" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "projectId" uuid NOT NULL,
    "role" varchar(50) NOT NULL,
    "content" text NOT NULL,
    "status" varchar(50) DEFAULT 'success',
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE "bazaar-vid_animation_design_brief" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "projectId" uuid NOT NULL,
    "sceneId" uuid,
    "designBrief" jsonb NOT NULL,
    "llmModel" varchar(100) NOT NULL,
    "status" varchar(50) DEFAULT 'complete' NOT NULL,
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

ALTER TABLE "bazaar-vid_account" ADD CONSTRAINT "bazaar-vid_account_userId_bazaar-vid_user_id_fk"
    FOREIGN KEY ("userId") REFERENCES "bazaar-vid_user" ("id");
ALTER TABLE "bazaar-vid_session" ADD CONSTRAINT "bazaar-vid_session_userId_bazaar-vid_user_id_fk"
    FOREIGN KEY ("userId") REFERENCES "bazaar-vid_user" ("id");
ALTER TABLE "bazaar-vid_project" ADD CONSTRAINT "bazaar-vid_project_userId_bazaar-vid_user_id_fk"
    FOREIGN KEY ("userId") REFERENCES "bazaar-vid_user" ("id");
ALTER TABLE "bazaar-vid_message" ADD CONSTRAINT "bazaar-vid_message_projectId_bazaar-vid_project_id_fk"
    FOREIGN KEY ("projectId") REFERENCES "bazaar-vid_project" ("id") ON DELETE CASCADE;
-- PostgreSQL cuts names at 63 bytes, so the generator's name for this one is given as it ends up.
ALTER TABLE "bazaar-vid_animation_design_brief"
    ADD CONSTRAINT "bazaar-vid_animation_design_brief_projectId_bazaar-vid_project_"
    FOREIGN KEY ("projectId") REFERENCES "bazaar-vid_project" ("id") ON DELETE CASCADE;

CREATE UNIQUE INDEX "user_email_idx" ON "bazaar-vid_user" ("email");
CREATE INDEX "account_user_id_idx" ON "bazaar-vid_account" ("userId");
CREATE INDEX "session_user_id_idx" ON "bazaar-vid_session" ("userId");
CREATE INDEX "project_user_id_idx" ON "bazaar-vid_project" ("userId");
CREATE INDEX "message_project_created_idx" ON "bazaar-vid_message" ("projectId", "createdAt");
CREATE INDEX "design_brief_project_idx" ON "bazaar-vid_animation_design_brief" ("projectId");
