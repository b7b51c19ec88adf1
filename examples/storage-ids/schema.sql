-- A feed whose images lie in object storage.  Posts and users name them by their key there, a text that nothing checks;
-- the table storage knows each file, and nothing refers to it.

CREATE TABLE storage (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    bytes bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE "user" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    image text
);

CREATE TABLE posts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES "user",
    title text NOT NULL,
    image_key text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX posts_by_time ON posts (created_at DESC);
