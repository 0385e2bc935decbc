-- Where events come from, beside the REST API.
CREATE TABLE sources (
    id                   INTEGER NOT NULL PRIMARY KEY,
    company_id           BIGINT NOT NULL,
    kind                 TEXT   NOT NULL,        -- whatsapp
    name                 TEXT   NOT NULL,
    sealed_secrets       BLOB   NOT NULL,        -- JSON of the verify token and the app secrets, sealed
    -- What has come; written in bulk about once a second.
    handshake_at         BIGINT,                 -- the last one that was right
    last_notification_at BIGINT,                 -- the last one that was taken in
    accepted             BIGINT NOT NULL DEFAULT 0,
    refused              BIGINT NOT NULL DEFAULT 0,
    created_at           BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL
);
CREATE INDEX sources_company ON sources (company_id, id);

-- The newest of what was refused, never what was in it.
CREATE TABLE refused_notifications (
    id          INTEGER NOT NULL PRIMARY KEY,
    company_id  BIGINT NOT NULL,
    source_id   BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    detail      TEXT   NOT NULL,                 -- a sentence
    bytes       BIGINT NOT NULL,                 -- of its body
    address     TEXT   NOT NULL,                 -- of who sent it, or empty
    received_at BIGINT NOT NULL
);
CREATE INDEX refused_notifications_source ON refused_notifications (source_id, id);

-- The company's number that an event came by, as Meta calls it.
ALTER TABLE events ADD COLUMN phone_number_id TEXT;
