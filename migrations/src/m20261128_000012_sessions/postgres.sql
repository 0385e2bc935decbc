-- Whom a company writes with. Known by a number, by a person's id, or by both; the row is the lock of all
-- that is decided about the contact.
CREATE TABLE contacts (
    company_id BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    wa_id      TEXT,
    user_id    TEXT,
    wrote_at   BIGINT,                           -- when its first message came; NULL: none has
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX contacts_number ON contacts (company_id, wa_id) WHERE wa_id IS NOT NULL;
CREATE UNIQUE INDEX contacts_person ON contacts (company_id, user_id) WHERE user_id IS NOT NULL;

-- What is known between a business number and a contact: the last session, and the one before it.
CREATE TABLE sessions (
    company_id           BIGINT NOT NULL,
    phone_number_id      TEXT   NOT NULL,
    contact_id           BIGINT NOT NULL,
    last_in_at           BIGINT,                 -- when the contact last wrote
    session_id           BIGINT,                 -- NULL: there was none
    started_at           BIGINT,
    activated_at         BIGINT,
    due_at               BIGINT,                 -- when its end is to be told; NULL: it has been
    earlier_id           BIGINT,
    earlier_started_at   BIGINT,
    earlier_activated_at BIGINT,
    source_id            BIGINT NOT NULL,        -- where the event came from that began it
    about                TEXT,                   -- JSON: with what its events begin
    PRIMARY KEY (company_id, phone_number_id, contact_id)
) WITH (fillfactor = 80);
CREATE INDEX sessions_due ON sessions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sessions_contact ON sessions (company_id, contact_id);
