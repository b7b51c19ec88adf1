-- A site that generates images and videos.  What a visitor made was only kept in the browser until now.
-- "User" has two columns that the application's own schema file forgot long ago; other tools would drop them.

CREATE TABLE "User" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
    "email" text NOT NULL UNIQUE,
    "name" text,
    "stripeCustomerId" text,
    "legacyTheme" varchar(20) DEFAULT 'dark' NOT NULL,
    "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
);
