-- Who gets which mail about endpoints.

-- What a member has chosen of each kind, JSON: {"endpoint_warning": false}.
ALTER TABLE members ADD COLUMN notices TEXT NOT NULL DEFAULT '{}';

-- Addresses that are nobody's account; they get mails once they are proved.
CREATE TABLE notification_addresses (
    id               INTEGER NOT NULL PRIMARY KEY,
    company_id       BIGINT NOT NULL,
    email            TEXT   NOT NULL,
    email_key        TEXT   NOT NULL,
    kinds            TEXT   NOT NULL,            -- JSON: ["endpoint_warning"]
    proof_hash       BLOB   UNIQUE,              -- SHA-256 of what the last link to prove it carries
    proof_expires_at BIGINT,
    stop_hash        BLOB   NOT NULL UNIQUE,     -- of what its mails carry to stop them
    sealed_stop      BLOB   NOT NULL,            -- the same, sealed, for the mails to come
    proved_at        BIGINT,
    stopped_at       BIGINT,                     -- by whoever reads it
    created_by       TEXT   NOT NULL,            -- usr_… or tok_…
    created_at       BIGINT NOT NULL,
    UNIQUE (company_id, email_key)
);

-- Whose address a mail goes to, and when it would go if it were never quiet.
ALTER TABLE mail_outbox ADD COLUMN user_id BIGINT;
ALTER TABLE mail_outbox ADD COLUMN address_id BIGINT;
ALTER TABLE mail_outbox ADD COLUMN wanted_at BIGINT;
